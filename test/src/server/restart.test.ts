/** What a server knows after its process was killed: real processes, real files, kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { createClient } from '../../../src/client/index.node.js';
import { helloEntry, helloFor, openRaw } from '../../support/raw.js';
import { found, started, startServer } from '../../support/server.js';
import { until, within } from '../../support/until.js';

const childFile = fileURLToPath(new URL('./restart-child.ts', import.meta.url));

/** Milliseconds: a process that compiles TypeScript takes a while to say its first word. */
const startLimitMs = 20_000;

const startChild = async (file: string) => {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', childFile, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const active: string[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const url = await within(
    new Promise<string>((resolve) =>
      lines.on('line', (line) => {
        const fact = JSON.parse(line);
        if (fact.url) resolve(fact.url);
        if (fact.active) active.push(fact.active);
      }),
    ),
    'the address of a server',
    startLimitMs,
  );
  return {
    url,
    active,
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
};

const inDirectory = (run: (file: string) => Promise<void>) => async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ninelives-restart-'));
  try {
    await run(join(directory, 'store.db'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const test = suite('a server whose process was killed');

test(
  'has its users and sessions again; those that were active are ended, nobody is online, and names stay registered',
  inDirectory(async (file) => {
    const first = await startChild(file);
    const kitties = ['left', 'guest', 'owner'].map((name) => ({ name, kitty: createClient({ url: first.url, giveUpAfterMs: 1 }) }));
    const ids: Record<string, string> = {};
    for (const { name, kitty } of kitties) ids[name] = (await started(kitty, name, name === 'owner' ? { authParams: {} } : {})).id;
    await until(() => first.active.length === 3, 'all are active');
    await kitties[0]?.kitty.endSession();
    // One that was never confirmed is there too when the process dies.
    const unconfirmed = await openRaw(first.url, { entries: [helloEntry(helloFor('unconfirmed'))] });
    await unconfirmed.take('welcome');
    const lost = kitties.slice(1).map(({ kitty }) => new Promise((resolve) => kitty.on('lost', resolve)));
    await first.kill();
    await Promise.all(lost);
    await Promise.all(kitties.map(({ kitty }) => kitty.endSession()));

    const second = await startServer({ store: sqlite(file), authenticate: () => true });
    const record = async (name: string) => (await found(second.server.sessions.find(ids[name] as string))).session;
    assert.equal([(await record('left'))?.state, (await record('left'))?.endReason], ['ENDED', 'ended']);
    for (const name of ['guest', 'owner']) {
      const session = await record(name);
      assert.equal([session?.state, session?.endReason, session?.user.name], ['ENDED', 'expired', name]);
      assert.ok((session?.endedAt ?? 0) >= (session?.createdAt ?? 1));
    }
    assert.is((await found(second.server.sessions.list({ state: 'ACTIVE' }))).sessions.total, 0);
    assert.is((await found(second.server.users.list({ online: true }))).users.total, 0);
    assert.match(second.log.text(), 'sessions that an earlier life of this server left active are ended');

    assert.is((await second.client().startSession({ username: 'owner' })).error?.code, 'AccessDeniedError', 'the name is registered');
    const owner = await started(second.client(), 'owner', { authParams: {} });
    const before = (await found(second.server.sessions.find(ids.owner as string))).session;
    assert.is(owner.user.id, before?.user.id, 'and the user is the same');
    assert.is(second.server.incarnation, 2);
    await second.close();
  }),
);

test(
  'is begun anew by its clients on the next server, which hands back what was not confirmed',
  inDirectory(async (file) => {
    const first = await startChild(file);
    const kitty = createClient({ url: first.url });
    const session = await started(kitty, 'jane');
    const former = session.id;
    const gap = new Promise<{ unconfirmed: readonly { type: string }[] }>((resolve) => kitty.on('gap', resolve));
    const lost = new Promise((resolve) => kitty.on('lost', resolve));
    await until(() => first.active.length === 1, 'it is active');
    await first.kill();
    await lost;
    const sent = session.send('note', 'while it was lost');
    const second = await startServer({ store: sqlite(file) });
    // The address is another one now, so that the client is led there by a listener on the old port.
    const relay = createTcpServer((socket) => {
      const onward = connect(second.port, '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(Number(new URL(first.url).port), '127.0.0.1', resolve));
    const { unconfirmed } = await within(gap, 'the gap');
    assert.is.not(session.id, former);
    assert.equal(
      unconfirmed.map(({ type }) => type),
      ['note'],
    );
    assert.is(sent.accepted && (await sent.confirmed).status, 'unknown');
    assert.is((await found(second.server.sessions.find(former))).session?.endReason, 'expired');
    await kitty.endSession();
    await second.close();
    await new Promise((resolve) => relay.close(resolve));
  }),
);

test(
  'can not be doubled: a second server on the same file is refused while the first one lives, and served when it is dead',
  inDirectory(async (file) => {
    const first = await startChild(file);
    const refused = await startServer({ store: sqlite(file) }).then(
      () => null,
      (error) => error,
    );
    assert.is(refused?.code, 'StoreUnavailableError');
    assert.match(refused?.message, 'another server writes this file');
    await first.kill();
    await (await startServer({ store: sqlite(file) })).close();
  }),
);

test.run();
