/** Nothing is done but importing. */
import '../../../../adapters/sockets/websocket.js';
import '../../../../adapters/sockets/memory.js';
import '../../../../adapters/sockets/ws-accept.js';
import { DONE } from './run-child.js';

process.send?.(DONE, () => process.disconnect());
