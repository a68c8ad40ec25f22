/** The story of a world: what happened in it, as a diagram in text. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../../src/testing/index.js';
import { Story } from '../../../src/testing/story.js';

const test = suite('the story of a world');

/** A chat that says to all what one says. */
const chatWorld = () =>
  testWorld({
    client: { handlers: { line: () => undefined } },
    app: (server) =>
      void server.on('session', (session) => {
        session.on('say', (text) => server.toEveryone().send('line', text));
        session.onRequest('count', () => 1);
      }),
  });

test('tells what was said, what was done to it, and what became of it', async () => {
  const world = chatWorld();
  const [jane, joe] = [world.client(), world.client()];
  const session = await world.start(jane, { username: 'jane' });
  await world.start(joe, { username: 'joe' });
  session.send('say', 'hi');
  await world.settle();
  await world.advance(1_500);
  world.networkOf(jane).offline();
  session.send('say', 'in a tunnel');
  await world.advance(10_000);
  world.networkOf(jane).online();
  await world.advance(1_000);
  await world.result(session.request('count', null));
  world.network.stall('up');
  session.send('say', 'lost?');
  assert.is(
    world.story(),
    [
      '         ms  jane     joe      server',
      '          0  ●        │        │  start',
      '          0  ●        │        │  active, as jane',
      '          0  │        ●        │  start',
      '          0  │        ●        │  active, as joe',
      '          0  ●────────┼────────▶  say "hi"',
      '          0  ◀────────┼────────●  line "hi"',
      '          0  │        ◀────────●  line "hi"',
      '      1,500  ●        │        │  network: offline',
      '      1,500  ●╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌│  say "in a tunnel"  (handled at 11,500)',
      '      1,500  ●        │        │  lost: ConnectionLostError',
      '     11,500  ●        │        │  network: online',
      '     11,500  ●        │        │  resumed',
      '     11,500  │╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌▶  say "in a tunnel"  (sent at 1,500)',
      '     11,500  ◀────────┼────────●  line "in a tunnel"',
      '     11,500  │        ◀────────●  line "in a tunnel"',
      '     12,500  ●        │        │  request count',
      '     12,500  ●        │        │  reply to count',
      '     12,500  │        │        │  ~ network: stall up',
      '     12,500  ●╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌│  say "lost?"  (not handled)',
    ].join('\n'),
  );
  await world.close();
});

test('tells what became of servers and pages, and what the server was told', async () => {
  const world = testWorld({ client: { persist: 'tab' } });
  let kitty = world.client();
  await world.start(kitty, { username: 'jane' });
  kitty = await world.reload(kitty);
  await world.start(kitty, { username: 'jane' });
  world.hide(kitty);
  world.store.slow(20);
  world.store.heal();
  await world.restartServer();
  await world.killServer();
  world.deny('jane');
  const told = world.story();
  for (const text of ['page loaded again', 'page hidden', 'store: slow, 20 ms', 'closes', 'another process starts', 'killed', 'deny jane'])
    assert.ok(told.includes(`  ${text}\n`) || told.endsWith(`  ${text}`), text);
  assert.is(told.split('\n').filter((line) => line.includes('active, as jane')).length, 2);
  await world.close();
});

test('is at the end of what a broken guarantee says', async () => {
  const world = chatWorld();
  const session = await world.start(world.client(), { username: 'jane' });
  world.network.stall('up');
  session.send('say', 'lost?');
  assert.throws(
    () => world.assertGuarantees(),
    /1 neither handled nor handed back[\s\S]*\n\n +ms {2}jane[\s\S]*say "lost\?" {2}\(not handled\)$/,
  );
  await world.close();
});

test('shows the last lines where it is asked for few, cuts a long payload, and forgets the oldest where there are too many', () => {
  let at = 0;
  const story = new Story(() => at);
  story.session(story.client(), 's', 'jane');
  for (at = 0; at < 3_000; at += 1) story.sent({ way: 'up', sessionId: 's', type: 'n', payload: 'x'.repeat(100) });
  const lines = story.toString(2).split('\n');
  assert.is(lines.length, 4);
  assert.match(lines[1] ?? '', '… 2998 before');
  assert.match(lines[3] ?? '', `2,999  ●╌╌╌╌╌╌╌╌│  n "${'x'.repeat(59)}…`);
  assert.is(story.toString().split('\n').length, 2_002);
  // Those that are forgotten are no longer what is handled.
  story.handled({ way: 'up', sessionId: 's', type: 'n', payload: 'x'.repeat(100) });
  assert.match(story.toString(1), 'sent at 1,000');
});

test('tells two users of one name apart, and one that has no session yet', () => {
  const story = new Story(() => 0);
  for (const id of ['a', 'b']) story.session(story.client(), id, 'jane');
  story.client();
  assert.match(story.toString(), /ms {2}jane {5}jane \(2\) client 3 server$|ms {2}jane +jane \(2\) +client 3 +server$/);
});

test.run();
