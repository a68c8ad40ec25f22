import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Sent } from '../../../src/stream/sent.js';

const sent = suite('what was sent');

const make = () => new Sent(1, { kind: 'message', type: 'a', payload: '1' }, 1);

sent('is accepted, and knows its ticket, item and size', () => {
  const one = make();
  assert.is(one.accepted, true);
  assert.equal([one.ticket, one.size, one.item.kind], [1, 1, 'message']);
});

sent('confirms what became of it, whether asked before or after', async () => {
  const before = make();
  const confirmed = before.confirmed;
  before.settle('handled');
  assert.equal(await confirmed, { status: 'handled' });
  const after = make();
  after.settle('failed');
  assert.equal(await after.confirmed, { status: 'failed' });
  assert.is(after.confirmed, after.confirmed, 'one promise, however often it is asked for');
  assert.is(before.confirmed, confirmed);
});

sent('keeps the first word', async () => {
  const one = make();
  one.settle('handled');
  one.settle('unknown');
  assert.equal(await one.confirmed, { status: 'handled' });
  const two = make();
  const confirmed = two.confirmed;
  two.settle('unknown');
  two.settle('handled');
  assert.equal(await confirmed, { status: 'unknown' });
});

sent.run();
