/**
 * `ninelives/testing`: a server, its clients and a network in one process and one virtual time, for tests of apps that are built on Nine Lives. It asks nothing of a
 * test runner.
 */
export { authenticatorContract } from '../../adapters/contracts/authenticator.js';
export { hostContract } from '../../adapters/contracts/host.js';
export { type SocketBench, socketContract } from '../../adapters/contracts/socket.js';
export { type MakeStore, type StoreUnderTest, storeContract } from '../../adapters/contracts/store.js';
export { tabContract } from '../../adapters/contracts/tab.js';
export { type TransportBench, transportContract } from '../../adapters/contracts/transport.js';
export type { CrashPoint, StoreFaults, TestClientOptions, TestWorld, TestWorldOptions } from './api.js';
export type { Delivery, Guarantees } from './ledger.js';
export { type LivesOptions, type LivesReport, lives } from './lives.js';
export { type Chance, type LifeFault, lifeFaults } from './lives-plan.js';
export type { LogLine } from './log.js';
export type { Network, Slowness } from './network.js';
export type { Duplicate, Told, Way } from './path.js';
export type { WorldTime } from './time.js';
export { testWorld } from './world.js';
