/** Both decoders. A bundler leaves out the one that is not imported. */
export { decodeClientBatch } from './decode-client.js';
export { decodeServerBatch } from './decode-server.js';
