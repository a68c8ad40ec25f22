/** What a server knows after its process was killed: real processes, real files, kill -9. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { createClient } from '../../../src/client/index.node.js';
import { type Fields, helloEntry, helloFor, newToken, openRaw } from '../../support/raw.js';
import { found, started, startServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { inDirectory, startChild } from './killed-server.js';

const test = suite('a server whose process was killed');

test(
  'where no session is kept after its link: those that were active are ended, nobody is online, and names stay registered',
  inDirectory(async (file) => {
    const first = await startChild(file, { resumeWindowMs: 0 });
    const kitties = ['left', 'guest', 'owner'].map((name) => ({ name, kitty: createClient({ url: first.url, giveUpAfterMs: 1 }) }));
    const ids: Record<string, string> = {};
    for (const { name, kitty } of kitties) ids[name] = (await started(kitty, name, name === 'owner' ? { authParams: {} } : {})).id;
    await first.heard('active', 3);
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
  'its sessions go on: what each side had not handled is handled then, under the same session',
  inDirectory(async (file) => {
    const first = await startChild(file);
    const echoes: number[] = [];
    const kitty = createClient({
      url: first.url,
      retry: { baseMs: 20, capMs: 50 },
      handlers: { echo: (value) => void echoes.push(value) },
    });
    const session = await started(kitty, 'jane');
    const { id } = session;
    session.send('note', 1);
    await until(() => echoes.length === 1, 'the first echo');
    const lost = new Promise((resolve) => kitty.on('lost', resolve));
    const resumed = new Promise((resolve) => kitty.on('resumed', resolve));
    kitty.on('gap', () => assert.unreachable('nothing is to be handed back'));
    await first.kill();
    await lost;
    const sent = session.send('note', 2);
    const second = await startChild(file, { port: first.port });
    await resumed;
    assert.is(session.id, id);
    assert.is(sent.accepted && (await sent.confirmed).status, 'handled');
    await until(() => echoes.length >= 2, 'the second echo');
    assert.equal(echoes, [1, 2]);
    const reply = await session.request('double', 21);
    assert.is(reply.succeeded && reply.reply, 42);
    assert.equal(
      second.said.filter((fact) => 'active' in fact),
      [{ active: id, recovered: true }],
    );
    await kitty.endSession();
    await second.kill();
    const third = await startServer({ store: sqlite(file) });
    assert.equal((await found(third.server.sessions.find(id))).session?.endReason, 'ended');
    await third.close();
  }),
);

test(
  'a start whose welcome was lost with the process is repeated: it comes to its session, in which messages flow',
  inDirectory(async (file) => {
    const hello = helloFor('jane', { features: ['resume'], token: newToken() });
    const first = await startChild(file);
    const unheard = await openRaw(first.url, { entries: [helloEntry(hello)] });
    const [, former] = (await unheard.take('welcome')) as [string, Fields];
    await first.kill();
    const second = await startChild(file);
    const raw = await openRaw(second.url, { entries: [helloEntry(hello)] });
    const { session } = await raw.confirmed();
    assert.is(session, former.session);
    raw.send(['m', 'note', 1]);
    assert.equal((await raw.take('m')).slice(1, 3), ['echo', 1]);
    raw.ws.terminate();
    await second.kill();
  }),
);

test(
  'what was being handled when it was killed is handled again, marked; what was handled is not',
  inDirectory(async (file) => {
    const first = await startChild(file);
    const kitty = createClient({ url: first.url, retry: { baseMs: 20, capMs: 50 } });
    const session = await started(kitty, 'jane');
    const done = session.send('note', 'before');
    if (done.accepted) await done.confirmed;
    session.send('slow', null);
    session.send('note', 'behind');
    await first.heard('handled', 2);
    await first.kill();
    const second = await startChild(file, { port: first.port });
    // The slow one blocks what is behind it again: a third life finds both.
    await second.heard('handled');
    assert.equal(
      second.said.filter((fact) => 'handled' in fact),
      [{ handled: 'slow' }],
    );
    await second.kill();
    await kitty.endSession();
  }),
);

test(
  'a message that kills its handler each time is passed over in the end, told as failed, and what is behind it is handled',
  inDirectory(async (file) => {
    let child = await startChild(file);
    const kitty = createClient({ url: child.url, retry: { baseMs: 20, capMs: 50 } });
    const session = await started(kitty, 'jane');
    const deadly = session.send('deadly', 'poison');
    const behind = session.send('note', 'behind');
    const runs: unknown[] = [];
    for (let life = 1; life <= 3; life += 1) {
      await child.exited;
      runs.push(...child.said.filter((fact) => 'handled' in fact));
      child = await startChild(file, { port: child.port });
    }
    assert.is(deadly.accepted && (await deadly.confirmed).status, 'failed');
    assert.is(behind.accepted && (await behind.confirmed).status, 'handled');
    assert.equal(runs, [
      { handled: 'poison', redelivered: false },
      { handled: 'poison', redelivered: true },
      { handled: 'poison', redelivered: true },
    ]);
    assert.equal(
      child.said.filter((fact) => 'poisoned' in fact || 'handled' in fact),
      [{ poisoned: 'deadly' }, { handled: 'behind', redelivered: true }],
    );
    await kitty.endSession();
    await child.kill();
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
