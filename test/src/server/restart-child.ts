/** A server on an SQLite file, until it is killed. It says where it listens, and each session that becomes active. */
import { writeSync } from 'node:fs';
import { createServer, sqlite } from '../../../src/server/index.js';

const say = (fact: object): void => void writeSync(1, `${JSON.stringify(fact)}\n`);

const server = createServer({ guests: true, authenticate: () => true, logger: false, store: sqlite(process.argv[2] ?? '') });
server.on('session', (session) => {
  session.on('note', () => undefined);
  say({ active: session.id });
});
const { url } = await server.listen(0, { host: '127.0.0.1' });
say({ url });
