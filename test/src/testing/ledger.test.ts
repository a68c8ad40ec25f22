/** What the test kit says of what was sent and handled. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../../src/testing/index.js';
import { brokenPromises, Ledger } from '../../../src/testing/ledger.js';

const delivery = (payload: unknown) => ({ way: 'up', sessionId: 's', type: 'chat', payload }) as const;

/** A ledger in which these were sent, with what was said of them, and these handled. */
const ledgerOf = (sent: readonly (readonly [unknown, Parameters<typeof assign>[1]])[], handled: readonly [string, unknown, boolean?][]) => {
  const ledger = new Ledger();
  for (const [payload, status] of sent) assign(ledger.sent(delivery(payload), false), status);
  for (const [id, payload, redelivered = false] of handled) ledger.handled({ ...delivery(payload), id, redelivered });
  return ledger;
};
const assign = (record: ReturnType<Ledger['sent']>, status: ReturnType<Ledger['sent']>['status']) => {
  record.status = status;
};
const payloads = (found: readonly { readonly payload: unknown }[]) => found.map(({ payload }) => payload);

const ledger = suite('the ledger of a world');

ledger('is content where each message was handled once, in order', () => {
  const found = ledgerOf(
    [
      ['a', 'handled'],
      ['b', 'failed'],
      ['c', null],
    ],
    [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ],
  ).guarantees();
  assert.equal([found.sent, found.handled], [3, 3]);
  assert.is(brokenPromises(found), null);
});

ledger('finds what is said to be handled and was not', () => {
  const found = ledgerOf(
    [
      ['a', 'handled'],
      ['b', 'handled'],
    ],
    [['1', 'a']],
  ).guarantees();
  assert.equal(payloads(found.lost), ['b']);
  assert.match(brokenPromises(found) ?? '', /1 said to be handled.*\n {4}up chat "b"/);
});

ledger('finds what was handled twice, unless it is marked', () => {
  const found = ledgerOf(
    [['a', 'handled']],
    [
      ['1', 'a'],
      ['1', 'a'],
      ['1', 'a', true],
      ['2', 'a'],
    ],
  ).guarantees();
  assert.equal([payloads(found.doubled), payloads(found.redelivered)], [['a', 'a'], ['a']]);
  assert.match(brokenPromises(found) ?? '', '2 handled twice');
});

ledger('finds what was handled out of order', () => {
  const found = ledgerOf(
    [
      ['a', 'handled'],
      ['b', 'handled'],
    ],
    [
      ['2', 'b'],
      ['1', 'a'],
    ],
  ).guarantees();
  assert.equal(payloads(found.reordered), ['a']);
  assert.match(brokenPromises(found) ?? '', '1 handled out of order');
});

ledger('finds what nobody knows anything of, and tells it from what was handed back, dropped, or had no handler', () => {
  const found = ledgerOf(
    [
      ['a', null],
      ['b', 'unknown'],
      ['c', 'unhandled'],
      ['d', 'expired'],
      ['e', 'replaced'],
    ],
    [],
  ).guarantees();
  assert.equal([found.pending, found.handedBack, found.unhandled, found.dropped].map(payloads), [['a'], ['b'], ['c'], ['d', 'e']]);
  assert.match(brokenPromises(found) ?? '', '1 neither handled nor handed back');
});

ledger('takes the one that nobody vouches for as not handled, of two that look the same', () => {
  const found = ledgerOf(
    [
      ['a', 'unknown'],
      ['a', 'handled'],
    ],
    [['1', 'a']],
  ).guarantees();
  assert.equal([payloads(found.handedBack), found.lost], [['a'], []]);
});

ledger('hands back what was not written where its sender died, and all where its session is over', () => {
  const one = ledgerOf([['a', null]], []);
  const written = one.writing('up', 's');
  one.sent(delivery('b'), false);
  // The rest is not in what is being written.
  written();
  one.writing('up', 'unknown')();
  assert.equal(one.sessions('up'), ['s']);
  one.died('up', ['s', 'unknown']);
  assert.equal([payloads(one.guarantees().pending), payloads(one.guarantees().handedBack)], [['a'], ['b']]);
  one.over('up', 's');
  assert.equal(one.guarantees().pending, []);
});

ledger.run();

const world = suite('the guarantees of a world');

world('hold through everything that the network, the server and the page do, and are counted', async () => {
  const heard: number[] = [];
  const kit = testWorld({
    client: { persist: 'tab' },
    app: (server) =>
      void server.on('session', (session) => {
        session.on('up', (n) => void heard.push(n));
      }),
  });
  let kitty = kit.client({ handlers: { down: () => undefined } });
  let session = await kit.start(kitty, { username: 'jane' });
  let n = 0;
  const talk = async () => {
    for (let i = 0; i < 3; i += 1) {
      n += 1;
      session.send('up', n);
      kit.server.to('jane').send('down', { n });
      session.send('status', 'idle', { volatile: true });
      await kit.advance(10);
    }
  };
  const faults = [
    () => kit.network.cut(),
    () => kit.network.cut('server'),
    () => kit.network.cut('nobody'),
    () => kit.network.stall('down'),
    () => kit.network.slow({ latencyMs: 300, jitterMs: 100 }),
    () => kit.killServer().then(() => kit.restartServer()),
    () => kit.restartServer(),
    async () => {
      kitty = await kit.reload(kitty);
      session = await kit.start(kitty, { username: 'jane' });
    },
  ];
  for (const fault of faults) {
    await talk();
    await fault();
    await talk();
    await kit.advance(30_000);
    kit.network.heal();
    await kit.advance(30_000);
    kit.assertGuarantees();
  }
  const { sent, handled, handedBack } = kit.guarantees();
  assert.equal([sent, handled, handedBack], [faults.length * 12, faults.length * 12, []]);
  assert.equal(
    heard,
    [...Array(n).keys()].map((m) => m + 1),
  );
  await kit.close();
});

world('are not kept while something waits; what a gap hands back is as promised', async () => {
  const kit = testWorld({ server: { resumeWindowMs: 30_000 } });
  const kitty = kit.client();
  const session = await kit.start(kitty, { username: 'jane' });
  kit.network.offline();
  session.send('up', 1);
  kit.server.to('jane').send('down', 2);
  assert.throws(() => kit.assertGuarantees(), /2 neither handled nor handed back: .*\n {4}up up 1\n {4}down down 2/);
  await kit.advance(10 * 60_000);
  kit.network.online();
  await kit.advance(10_000);
  kit.assertGuarantees();
  assert.equal(
    kit.guarantees().handedBack.map(({ way, payload }) => [way, payload]),
    [
      ['up', 1],
      ['down', 2],
    ],
  );
  await kit.close();
});

world.run();
