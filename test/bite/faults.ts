import type { PlantedFault } from './fault.js';
import { clientFaults } from './faults/client.js';
import { conversationFaults } from './faults/conversation.js';
import { lifecycleFaults } from './faults/lifecycle.js';
import { serverFaults } from './faults/server.js';
import { streamFaults } from './faults/stream.js';
import { wireFaults } from './faults/wire.js';

/** All of them. */
export const faults: readonly PlantedFault[] = [
  ...streamFaults,
  ...lifecycleFaults,
  ...conversationFaults,
  ...wireFaults,
  ...clientFaults,
  ...serverFaults,
];
