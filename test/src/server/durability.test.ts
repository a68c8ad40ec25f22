/** Sessions in a real SQLite file: a full disk, a lock, a damaged file, a server that closes and one that takes over. */
import { truncate } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { createClient } from '../../../src/client/index.node.js';
import { createServer, type ServerOptions, type ServerSession } from '../../../src/server/index.js';
import { DatabaseSync } from '../../adapters/stores/sqlite/scratch.js';
import { keptLog, started } from '../../support/server.js';
import { turns, until } from '../../support/until.js';
import { inDirectory } from './killed-server.js';

const test = suite('sessions in an SQLite file');

const retry = { baseMs: 20, capMs: 100 };

interface Handled {
  readonly value: unknown;
  readonly redelivered: boolean;
}

/** A server whose sessions echo each note; what its handlers had is kept. */
const startEcho = async (options: ServerOptions, port = 0) => {
  const log = keptLog();
  const server = createServer({ guests: true, logger: log.logger, ...options });
  const handled: Handled[] = [];
  const sessions: ServerSession[] = [];
  const recoveries: boolean[] = [];
  server.on('session', (session, { recovered }) => {
    sessions.push(session);
    recoveries.push(recovered);
    session.on('note', (value, { redelivered }) => {
      handled.push({ value, redelivered });
      session.send('echo', value);
    });
  });
  const { url, port: given } = await server.listen(port, { host: '127.0.0.1' });
  return { server, log, handled, sessions, recoveries, url, port: given };
};

/** A client that keeps what is echoed, and is not to lose anything. */
const startListener = async (url: string) => {
  const echoes: unknown[] = [];
  const kitty = createClient({ url, retry, handlers: { echo: (value) => void echoes.push(value) } });
  kitty.on('gap', () => assert.unreachable('nothing is to be handed back'));
  return { kitty, echoes, session: await started(kitty, 'jane') };
};

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

test(
  'on a full disk nothing leaves and sends are refused; with room again all is there, once and in order',
  inDirectory(async (file) => {
    const db = new DatabaseSync(file);
    const { server, log, handled, sessions, url } = await startEcho({ store: sqlite(file, { driver: db }) });
    const { kitty, echoes, session } = await startListener(url);
    await until(() => sessions.length === 1, 'it is confirmed');
    await turns();
    const big = 'x'.repeat(20_000);
    db.exec('PRAGMA max_page_count = 1');
    assert.ok(sessions[0]?.send('echo', big).accepted, 'what is accepted before anybody knows is kept');
    await until(() => log.with('the store does not write').length > 0, 'it is noticed');
    const sent = session.send('note', 1);
    await until(() => handled.length === 1, 'it is handled');
    assert.is(sessions[0]?.send('echo', 'refused').error?.code, 'StoreUnavailableError');
    await turns();
    assert.equal([echoes, kitty.getSnapshot().unconfirmed], [[], 1]);
    assert.match(log.text(), 'database or disk is full');
    db.exec('PRAGMA max_page_count = 10000');
    assert.is(sent.accepted && (await sent.confirmed).status, 'handled');
    await until(() => echoes.length > 0, 'what was held back comes');
    for (const value of [2, 3]) session.send('note', value);
    await until(() => echoes.length === 3, 'the echoes');
    assert.equal(echoes, [big, 2, 3]);
    assert.equal(
      handled.map(({ value }) => value),
      [1, 2, 3],
    );
    await kitty.endSession();
    await server.close();
    db.close();
  }),
);

test(
  'while another program locks the file nothing leaves, a lost session is not resumed and a start is refused; all goes on once it lets go',
  inDirectory(async (file) => {
    const db = new DatabaseSync(file);
    const { server, log, handled, url } = await startEcho({ store: sqlite(file, { driver: db }) });
    const { kitty, echoes, session } = await startListener(url);
    // The event loop waits with SQLite: not long, for the test.
    db.exec('PRAGMA busy_timeout = 5');
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    session.send('note', 1);
    await until(() => log.with('the store does not write').length > 0, 'it is noticed');
    assert.match(log.text(), 'Another program holds a lock on it');
    assert.is((await createClient({ url }).startSession({ username: 'joe', deadlineMs: 300 })).succeeded, false);
    assert.equal([handled.length, echoes], [1, []]);
    other.exec('ROLLBACK');
    other.close();
    await until(() => echoes.length === 1, 'the echo');
    assert.equal(
      handled.map(({ value }) => value),
      [1],
    );
    await kitty.endSession();
    await server.close();
    db.close();
  }),
);

test(
  'a file that is damaged while it is open: nothing leaves, nothing is kept in memory instead, and a server on it says so and does not begin',
  inDirectory(async (file) => {
    const { server, log, echoes, session, kitty } = await (async () => {
      const echo = await startEcho({ store: sqlite(file) });
      return { ...echo, ...(await startListener(echo.url)) };
    })();
    session.send('note', 1);
    await until(() => echoes.length === 1, 'the echo');
    const damage = new DatabaseSync(file);
    damage.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    damage.exec('DROP TABLE journal');
    damage.close();
    const sent = session.send('note', 2);
    await until(() => log.with('the store does not write').length > 0, 'it is noticed');
    assert.equal([echoes, kitty.getSnapshot().unconfirmed], [[1], 1]);
    assert.match(log.text(), 'no such table: journal');
    await server.close();
    const settled = sent.accepted ? sent.confirmed : Promise.reject(sent.error);
    const ending = await kitty.endSession();
    assert.is((await settled).status, 'unknown');
    assert.ok(ending);
    await truncate(file, 1_000);
    const again = await startEcho({ store: sqlite(file) }).then(
      () => null,
      (error) => error,
    );
    assert.is(again?.code, 'StoreUnavailableError');
  }),
);

test(
  'a server that closes leaves its sessions ACTIVE; the next one on the file has them, with all that was under way',
  inDirectory(async (file) => {
    const first = await startEcho({ store: sqlite(file) });
    const { kitty, echoes, session } = await startListener(first.url);
    const { id } = session;
    for (const value of upTo(50)) session.send('note', value);
    await until(() => echoes.length > 0, 'it flows');
    const lost = new Promise((resolve) => kitty.on('lost', resolve));
    const resumed = new Promise((resolve) => kitty.on('resumed', resolve));
    const closing = first.server.close();
    await lost;
    await closing;
    const store = sqlite(file, { readOnly: true });
    await store.open({ now: Date.now() })();
    const found = await store.findSession(id)();
    assert.is(found._tag === 'Right' && found.right?.state, 'ACTIVE');
    await store.close()();
    for (const value of upTo(50)) session.send('note', value + 50);
    const second = await startEcho({ store: sqlite(file) }, first.port);
    assert.equal([second.recoveries, second.sessions[0]?.id, second.sessions[0]?.user.name], [[true], id, 'jane']);
    second.sessions[0]?.send('echo', 'from the next one');
    await resumed;
    await until(() => echoes.length === 101 && kitty.getSnapshot().unconfirmed === 0, 'all of it');
    assert.equal(
      echoes.filter((value) => value !== 'from the next one'),
      upTo(100),
    );
    const both = [...first.handled, ...second.handled];
    assert.equal(
      both.map(({ value }) => value),
      upTo(100),
      'in order, none twice: what a closed server had handled, it had written',
    );
    await kitty.endSession();
    await second.server.close();
  }),
);

test(
  'both sides full at once, the link cut, and the server closed: every message that was accepted is there, once and in order, both ways',
  inDirectory(async (file) => {
    const buffer = { messages: 40, size: 2_000_000 };
    const options = { limits: { window: { messages: 8, size: 1_000_000 }, buffer } };
    const first = await startEcho({ store: sqlite(file), ...options });
    const heard: unknown[] = [];
    const kitty = createClient({
      url: first.url,
      retry,
      buffer,
      handlers: { news: (value) => void heard.push(value) },
    });
    kitty.on('gap', () => assert.unreachable('nothing is to be handed back'));
    const session = await started(kitty, 'jane');
    await until(() => first.sessions.length === 1, 'it is confirmed');
    await first.server.close();
    const up: number[] = [];
    while (session.send('note', up.length + 1).accepted) up.push(up.length + 1);
    const second = await startEcho({ store: sqlite(file), ...options });
    const down: number[] = [];
    while (second.sessions[0]?.send('news', down.length + 1).accepted === true) down.push(down.length + 1);
    assert.is(second.sessions[0]?.send('news', 0).error?.code, 'BufferFullError');
    await second.server.close();
    const third = await startEcho({ store: sqlite(file), ...options }, first.port);
    await until(() => heard.length === down.length && kitty.getSnapshot().unconfirmed === 0, 'all of it');
    assert.ok(up.length >= 40 && down.length === 40, `${up.length} up, ${down.length} down`);
    assert.equal(heard, down);
    assert.equal(
      third.handled.map(({ value }) => value),
      up,
    );
    assert.is(third.sessions[0]?.send('news', 'room again').accepted, true);
    await kitty.endSession();
    await third.server.close();
  }),
);

test(
  'what a handler sent before it settled, and that it did, is one: a copy of the file at any moment has both or neither',
  inDirectory(async (file) => {
    const { server, url } = await startEcho({ store: sqlite(file) });
    const { kitty, echoes, session } = await startListener(url);
    const reader = new DatabaseSync(file, { readOnly: true });
    const row = reader.prepare('SELECT positions FROM streams');
    for (const value of upTo(200)) {
      session.send('note', value);
      await turns(1);
      const { positions } = row.get() as { positions: string | null };
      const { done, ticket } = positions === null ? { done: 0, ticket: 0 } : (JSON.parse(positions) as { done: number; ticket: number });
      assert.is(ticket, done, 'an echo for each that is done');
    }
    await until(() => echoes.length === 200, 'the echoes');
    reader.close();
    await kitty.endSession();
    await server.close();
  }),
);

test.run();
