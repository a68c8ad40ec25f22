/** What each kind of event does in a life. It gives what it did, in words; null: there was nothing that it could be done to. */
import { deeds } from './happenings/deeds.js';
import type { Happening } from './happenings/happening.js';
import { networkFaults } from './happenings/network.js';
import { pageFaults } from './happenings/pages.js';
import { serverFaults } from './happenings/servers.js';
import type { Kind } from './plan/kinds.js';

export const happenings: Readonly<Record<Kind, Happening>> = { ...networkFaults, ...pageFaults, ...serverFaults, ...deeds };
