import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sharesOf } from '../../../src/wire/shares.js';

const shares = (text: string) => sharesOf(text, JSON.parse(text) as readonly unknown[]);
const padded = (text: string, length: number): string => text.padEnd(length, ' ');
const LONG = 2_000;

const share = suite("a frame's share of its batch");

share('is an equal one where all frames are of one sort, however long they are', () => {
  const message = padded('[["m","t",1],["m","t",2]]', LONG);
  assert.equal(shares(message), { apart: LONG / 2, other: LONG / 2 });
  const replies = padded('[["r",1,1],["v","t",2]]', LONG);
  assert.equal(shares(replies), { apart: LONG / 2, other: LONG / 2 });
});

share('is an equal one where it is no more than a receiver allows for brackets and types, 256', () => {
  const mixed = '[["m","t",1],["r",1,2]]';
  assert.equal(shares(padded(mixed, 2 * 256)), { apart: 256, other: 256 });
  assert.equal(shares(padded(mixed, 2 * 256 + 1)), { apart: '["r",1,2]'.length, other: 2 * 256 + 1 - '["r",1,2]'.length });
});

share('is rounded up', () => {
  assert.equal(shares('[["e"],["e"]]'), { apart: 7, other: 7 });
  const mixed = padded('[["m","t",1],["m","t",1],["r",1,2],["r",1,22]]', LONG);
  assert.equal(shares(mixed), { apart: 10, other: 991 });
});

share.run();
