import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { frameFinder } from './frames.js';

const frames = suite('frames in a stream of bytes');

const head = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nA: \r\r\n\r\n');
const frame = (payload: number, masked: boolean): Buffer => {
  const mask = masked ? 128 : 0;
  const length =
    payload < 126
      ? [mask | payload]
      : payload < 65_536
        ? [mask | 126, payload >> 8, payload & 255]
        : [mask | 127, 0, 0, 0, 0, 0, payload >> 16, (payload >> 8) & 255, payload & 255];
  return Buffer.concat([Buffer.from([0x81, ...length]), Buffer.alloc((masked ? 4 : 0) + payload, 10)]);
};
const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 0];

for (const masked of [false, true])
  frames(`begin where they begin, ${masked ? 'masked' : 'bare'}, however the bytes are cut into chunks`, () => {
    const parts = [head, ...sizes.map((size) => frame(size, masked))];
    const expected: number[] = [];
    let offset = 0;
    for (const part of parts) {
      if (part !== head) expected.push(offset);
      offset += part.length;
    }
    const all = Buffer.concat(parts);
    for (const size of [1, 2, 3, 7, 1_000, all.length]) {
      const finder = frameFinder();
      const found: number[] = [];
      for (let at = 0; at < all.length; at += size) found.push(...finder.starts(all.subarray(at, at + size)).map((start) => start + at));
      assert.equal(found, expected, `chunks of ${size}`);
    }
  });

frames('are not looked for before the upgrade is through', () => {
  assert.equal(frameFinder().starts(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), []);
});

frames.run();
