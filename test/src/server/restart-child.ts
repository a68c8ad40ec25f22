/**
 * A server on an SQLite file, until it is killed. It says on its output where it listens, each session that its app is told of, and each message that is
 * handled. `note` is handled at once and echoed, `slow` never ends, `deadly` ends the process.
 *
 *   restart-child.ts FILE [PORT] [RESUME_WINDOW_MS]
 */
import { writeSync } from 'node:fs';
import { createServer, sqlite } from '../../../src/server/index.js';

const [file = '', port = '0', resumeWindowMs] = process.argv.slice(2);

const say = (fact: object): void => void writeSync(1, `${JSON.stringify(fact)}\n`);

const server = createServer({
  guests: true,
  authenticate: () => true,
  logger: false,
  store: sqlite(file),
  ...(resumeWindowMs === undefined ? {} : { resumeWindowMs: Number(resumeWindowMs) }),
});
server.on('session', (session, { recovered }) => {
  session.on('note', (value, { redelivered }) => {
    say({ handled: value, redelivered });
    session.send('echo', value);
  });
  session.on('slow', () => {
    say({ handled: 'slow' });
    return new Promise(() => undefined);
  });
  session.on('deadly', (value, { redelivered }) => {
    say({ handled: value, redelivered });
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  });
  session.onRequest('double', (value: number) => value * 2);
  say({ active: session.id, recovered });
});
server.on('poisoned', (_, { type }) => say({ poisoned: type }));
const { url } = await server.listen(Number(port), { host: '127.0.0.1' });
say({ url });
