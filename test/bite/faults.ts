import type { PlantedFault } from './fault.js';
import { adapterFaults } from './faults/adapters.js';
import { clientFaults } from './faults/client.js';
import { conversationFaults } from './faults/conversation.js';
import { lifecycleFaults } from './faults/lifecycle.js';
import { operationsFaults } from './faults/operations.js';
import { serverFaults } from './faults/server.js';
import { streamFaults } from './faults/stream.js';
import { testingFaults } from './faults/testing.js';
import { wireFaults } from './faults/wire.js';

/** All of them. */
export const faults: readonly PlantedFault[] = [
  ...streamFaults,
  ...lifecycleFaults,
  ...conversationFaults,
  ...wireFaults,
  ...clientFaults,
  ...serverFaults,
  ...operationsFaults,
  ...adapterFaults,
  ...testingFaults,
];
