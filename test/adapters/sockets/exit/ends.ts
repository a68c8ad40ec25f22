/** Every way in which a socket ends, all in one process, which then has nothing left to stay for. */
import { WebSocket } from 'ws';
import { ear } from '../../../../adapters/contracts/socket-bench.js';
import { websocketSocket } from '../../../../adapters/sockets/websocket.js';
import { freePort } from '../../../support/tcp.js';
import { DONE } from './run-child.js';

const open = websocketSocket({ url: process.argv[2] ?? '', WebSocket });
const openNowhere = websocketSocket({ url: `ws://127.0.0.1:${await freePort()}`, WebSocket });
// Long, so that a timer that was left would be noticed.
const openTimeoutMs = 15_000;
const request = { protocols: ['keep.me'], openTimeoutMs };

const opened = ear();
const closedByOwner = open(request, opened.events);
const closedByPeer = ear();
open({ protocols: ['close.me'], openTimeoutMs }, closedByPeer.events);
const refused = ear();
openNowhere(request, refused.events);
await Promise.all([opened.heard(1), closedByPeer.closed(), refused.closed()]);

closedByOwner.close(4000, 'done');
open(request, ear().events).close();
const connecting = open(request, ear().events);
setTimeout(() => {
  connecting.close();
  process.send?.(DONE, () => process.disconnect());
}, 2);
