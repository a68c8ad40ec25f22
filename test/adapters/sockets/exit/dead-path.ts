/** A peer that reads nothing: its close frame never comes. */
import { WebSocket } from 'ws';
import { ear } from '../../../../adapters/contracts/socket-bench.js';
import { websocketSocket } from '../../../../adapters/sockets/websocket.js';
import { DONE } from './run-child.js';

const told = ear();
const socket = websocketSocket({ url: process.argv[2] ?? '', WebSocket })({ protocols: ['a'], openTimeoutMs: 15_000 }, told.events);
await told.heard(1);
socket.close(4000, 'done');
process.send?.(DONE, () => process.disconnect());
