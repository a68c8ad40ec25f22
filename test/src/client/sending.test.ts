/** Options of messages, and room for them, as an app sees both through a session that is lost, resumed, replaced and ended. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer, type ServerSession } from '../../../src/server/index.js';
import { inMemory, next } from './support.js';

const sending = suite('sending');

const running = async (options: Parameters<typeof inMemory>[1] = {}) => {
  const world = inMemory({}, options);
  const onServer: ServerSession[] = [];
  world.server.on('session', (session) => void onServer.push(session));
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.settle();
  const { session, error } = await starting;
  if (error) throw error;
  await world.host.advance(6_000);
  return {
    ...world,
    session,
    onServer,
    handled: (type: string, heard: unknown[]) => onServer[0]?.on(type, (payload) => void heard.push(payload)),
  };
};

sending(
  'while the session is lost, what expires is told so, the newest of a key is sent after the return, and a volatile message never',
  async () => {
    const { host, session, kitty, cut, handled } = await running();
    const heard: unknown[] = [];
    handled('at', heard);
    cut();
    await host.settle();
    assert.is(kitty.getSnapshot().status, 'lost');
    const sent = [
      session.send('at', 'short', { ttlMs: 1 }),
      session.send('at', 'older', { replaceKey: 'k' }),
      session.send('at', 'plain'),
      session.send('at', 'volatile', { volatile: true }),
      session.send('at', 'newer', { replaceKey: 'k' }),
    ];
    await host.advance(2_000);
    assert.equal(heard, ['plain', 'newer']);
    assert.equal(await Promise.all(sent.map(async ({ confirmed }) => (await confirmed)?.status)), [
      'expired',
      'replaced',
      'handled',
      'unknown',
      'handled',
    ]);
  },
);

sending('the snapshot counts what is unconfirmed, and whoever follows it is told when something has expired', async () => {
  const { host, session, kitty, server, cut } = await running();
  void server.close();
  cut();
  await host.settle();
  session.send('at', 1, { ttlMs: 500 });
  const counts: number[] = [];
  kitty.subscribe(() => void counts.push(kitty.getSnapshot().unconfirmed));
  assert.is(kitty.getSnapshot().unconfirmed, 1);
  await host.advance(500);
  assert.is(counts.at(-1), 0);
});

sending('room is waited for across a new session that takes the place of a lost one, and until the session is over', async () => {
  const { host, session, kitty, server, cut, serve } = await running({ buffer: { messages: 4, size: 1_000_000 } });
  cut();
  await host.settle();
  while (session.send('at', 1).accepted);
  const waits = [session.ready(), session.ready({ messages: 4 })];
  const second = createServer({ logger: false, guests: true, host });
  serve(second);
  void server.close();
  const gap = next(kitty, 'gap');
  await host.advance(60_000);
  assert.is((await gap).unconfirmed.length, 4);
  assert.equal(await Promise.all(waits), [true, true]);

  second.on('session', () => undefined);
  void second.close();
  cut();
  await host.settle();
  while (session.send('at', 2).accepted);
  const controller = new AbortController();
  const aborted = session.ready({ signal: controller.signal });
  const over = session.ready();
  controller.abort();
  assert.is(await aborted, false);
  void kitty.endSession();
  await host.advance(10_000);
  assert.is(await over, false);
  assert.is(await session.ready(), false);
});

sending.run();
