import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeClientBatch } from '../../../src/wire/decode-client.js';
import { isTooDeep } from '../../../src/wire/depth.js';

const LONG = 70_000;
const nested = (depth: number, filling: string): string => `${'['.repeat(depth)}${filling}${']'.repeat(depth)}`;
const filling = (text = ''): string => JSON.stringify(text.padEnd(LONG, 'x'));

const depth = suite('a long text');

depth('is too deep where more brackets are open at once than a payload may have, its frame and its batch', () => {
  assert.not(isTooDeep(nested(514, filling())));
  assert.ok(isTooDeep(nested(515, filling())));
  assert.ok(isTooDeep('{"a":'.repeat(LONG)));
});

depth('is as deep as what is open at once, however many brackets it has', () => {
  assert.not(isTooDeep(`[${'[],'.repeat(LONG)}{}]`));
  assert.not(isTooDeep(`[${'{},'.repeat(LONG)}[]]`));
});

depth('has no brackets in its strings, whatever is escaped in them', () => {
  assert.not(isTooDeep(filling('['.repeat(1_000))));
  assert.not(isTooDeep(filling(`"${'['.repeat(1_000)}`)));
  assert.not(isTooDeep(`[${JSON.stringify('\\')},${filling('['.repeat(1_000))}]`));
  assert.ok(isTooDeep(`[${JSON.stringify('\\')},${nested(600, filling())}]`));
});

depth('that ends in a string is no deeper than it was before', () => {
  assert.not(isTooDeep(`["${'['.repeat(LONG)}`));
});

depth('is one of 65,536 characters or more: shorter ones are not looked at', () => {
  assert.not(isTooDeep('['.repeat(65_535)));
  assert.ok(isTooDeep('['.repeat(65_536)));
});

depth('that is too deep is refused unread, when a client sends it', () => {
  assert.equal(decodeClientBatch(`[["m","a",${nested(513, filling())}]]`), {
    ok: false,
    code: 'ProtocolError',
    detail: 'expected payloads nested at most 512 deep',
  });
  assert.ok(decodeClientBatch(`[["m","a",${nested(512, filling())}]]`).ok);
});

depth.run();
