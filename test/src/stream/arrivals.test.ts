/** When a request is started that an earlier life of this side may have started too. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { Arrivals } from '../../../src/stream/arrivals.js';
import { Answerer, RequestTable } from '../../../src/stream/requests.js';
import { jane } from '../../support/ninelives-bench.js';

const arrivals = suite('a request that is delivered again');

const make = () => {
  const host = virtualHost({ seed: 1 });
  const table = new RequestTable();
  const told: unknown[][] = [];
  const verdicts: ((may: boolean) => void)[] = [];
  const answerer = new Answerer(table, {
    idPrefix: 's:up',
    runningMax: 8,
    reply: (to, value) => void told.push(['reply', to, value]),
    fail: (to, code) => void told.push(['fail', to, code]),
    requestFailed: () => undefined,
  });
  const all = new Arrivals(
    {
      clock: host.clock,
      user: jane,
      cancelsMax: 8,
      again: () => new Promise((resolve) => void verdicts.push(resolve)),
      settled: (number, outcome) => void told.push(['settled', number, outcome]),
      poisoned: (number) => void told.push(['poisoned', number]),
    },
    answerer,
  );
  all.release();
  table.on('ask', () => 'reply');
  const again = (number: number): void =>
    all.request(number, { kind: 'request', type: 'ask', payload: null, timeoutMs: 1_000, options: { redelivered: true } });
  return { host, told, verdicts, all, again };
};

arrivals('is started once that is allowed, and answered as a failure where it is not', async () => {
  const { host, told, verdicts, again } = make();
  again(1);
  again(2);
  assert.equal(told, []);
  verdicts[1]?.(false);
  await host.settle();
  verdicts[0]?.(true);
  await host.settle();
  assert.equal(told, [
    ['poisoned', 2],
    ['settled', 2, 'handled'],
    ['settled', 1, 'handled'],
    ['reply', 1, 'reply'],
  ]);
});

arrivals('is not started where it was cancelled while that was asked', async () => {
  for (const may of [true, false]) {
    const { host, told, verdicts, all, again } = make();
    again(1);
    all.noteCancel(1);
    all.forgetCancels();
    verdicts[0]?.(may);
    await host.settle();
    assert.equal(told, [['settled', 1, 'handled']]);
  }
});

arrivals('is waited for by a goodbye, unless the session is over before', async () => {
  const { host, told, verdicts, all, again } = make();
  all.whenIdle(() => void told.push(['idle']));
  again(1);
  again(2);
  all.whenIdle(() => void told.push(['idle again']));
  verdicts[0]?.(true);
  await host.settle();
  assert.equal(
    told.filter(([name]) => name !== 'settled'),
    [['idle'], ['reply', 1, 'reply']],
  );
  verdicts[1]?.(true);
  await host.settle();
  assert.equal(told.slice(-2), [['reply', 2, 'reply'], ['idle again']]);

  again(3);
  all.whenIdle(() => assert.unreachable());
  all.close();
  verdicts[2]?.(true);
  await host.settle();
  assert.equal(told.at(-1), ['idle again'], 'and then it is not started');
});

arrivals.run();
