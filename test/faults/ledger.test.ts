import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Account, isWhole, judge, median, quantile } from './ledger.js';

const ledger = suite('the ledger of a fault run');

const once = (...numbers: readonly number[]) => numbers.map((number) => ({ number, redelivered: false }));
const whole = { lost: 0, doubled: 0, reordered: 0, repeated: 0, handedBack: 0, uncommitted: 0 };
const says = (account: Account, expected: object): void => {
  const { sent, handled, ...rest } = judge(account);
  assert.is(sent, account.sent.length);
  assert.is(handled, new Set(account.handled.map(({ number }) => number)).size);
  assert.equal(rest, { ...whole, ...expected });
};

ledger('has nothing to say where each message is handled once and in order', () => {
  says({ sent: [1, 2, 3], handled: once(1, 2, 3) }, {});
  assert.ok(isWhole(judge({ sent: [1], handled: once(1) })));
});

ledger('counts what is missing as lost, unless its sender was told of it or died in its turn', () => {
  const sent = [1, 2, 3, 4];
  says({ sent, handled: once(1, 4) }, { lost: 2 });
  says({ sent, handled: once(1, 4), handedBack: new Set([2, 4]) }, { lost: 1, handedBack: 1 });
  says({ sent, handled: once(1, 4), uncommitted: new Set([2, 3]) }, { uncommitted: 2 });
});

ledger('counts what is handled again as doubled, and as repeated where it is marked', () => {
  says({ sent: [1, 2], handled: once(1, 2, 1) }, { doubled: 1 });
  says({ sent: [1, 2], handled: [...once(1, 2), { number: 1, redelivered: true }] }, { repeated: 1 });
});

ledger('counts what is handled first behind a later one as reordered', () => {
  says({ sent: [1, 2, 3], handled: once(2, 1, 3) }, { reordered: 1 });
});

ledger('is not whole where anything is lost, doubled or reordered', () => {
  for (const handled of [once(1), once(1, 2, 2), once(2, 1)]) assert.not(isWhole(judge({ sent: [1, 2], handled })));
});

ledger('knows the middle of a list, and other shares of it', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(quantile([5, 1, 4, 2, 3], 0.99), 5);
  assert.ok(Number.isNaN(median([])));
});

ledger.run();
