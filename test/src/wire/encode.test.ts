// uvu's own comparison is led astray by a key named `constructor` or `__proto__`.
import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientFrame as clientCodec, helloFields, serverFrame as serverCodec } from '../../../src/wire/codecs.js';
import { decodeServerBatch } from '../../../src/wire/decode.js';
import { encodeBatch, encodeFrame } from '../../../src/wire/encode.js';
import { asDecoded, clientFrame, serverFrame } from './arbitraries.js';

const encoding = suite('encoding');

encoding('gives the JSON that the definition gives', () => {
  for (const [frame, codec] of [
    [clientFrame, clientCodec],
    [serverFrame, serverCodec],
  ] as const) {
    fc.assert(
      fc.property(frame, (outbound) => {
        const decoded = asDecoded(outbound, 0);
        deepStrictEqual(JSON.parse(encodeFrame(outbound)), JSON.parse(JSON.stringify(codec.encode(decoded as never))));
      }),
      { numRuns: 500 },
    );
  }
});

encoding('puts the text of a payload in as it stands', () => {
  const payload = '{ "a" : 1.0,  "b":"\\u00e9" }';
  assert.is(encodeFrame({ kind: 'message', type: 'chat', payload }), `["m","chat",${payload}]`);
  assert.is(encodeFrame({ kind: 'request', type: 'price', timeoutMs: 5, payload }), `["q","price",5,${payload}]`);
  assert.is(encodeFrame({ kind: 'reply', to: 7, payload }), `["r",7,${payload}]`);
});

encoding('escapes a type, so that it can say nothing but itself', () => {
  assert.is(encodeFrame({ kind: 'message', type: '",1],["e"],["m","', payload: '1' }), '["m","\\",1],[\\"e\\"],[\\"m\\",\\"",1]');
  assert.is(encodeFrame({ kind: 'volatile', type: '\ud800\n', payload: '1' }), '["v","\\ud800\\n",1]');
});

encoding('leaves out exceptions and options that say nothing', () => {
  assert.is(encodeFrame({ kind: 'ack', received: 3, done: 2, last: 1, seen: 0, exceptions: [] }), '["a",3,2,1,0]');
  assert.is(
    encodeFrame({ kind: 'message', type: 't', payload: '1', options: { ttlMs: 5, redelivered: false } }),
    '["m","t",1,{"ttlMs":5}]',
  );
});

encoding('cuts a text that is longer than its limit', () => {
  const decoded = decodeServerBatch(encodeBatch([{ kind: 'deny', deny: { code: 'ServerError', message: 'x'.repeat(600) } }]));
  assert.equal(decoded, { ok: true, frames: [{ kind: 'deny', deny: { code: 'ServerError', message: 'x'.repeat(512) } }] });
  const why = { code: 'ServerError', message: 'x'.repeat(600) } as const;
  const cut = JSON.stringify({ code: 'ServerError', message: 'x'.repeat(512) });
  assert.is(encodeFrame({ kind: 'deny', deny: why }), `["deny",${cut}]`);
  assert.is(encodeFrame({ kind: 'bye', bye: why }), `["bye",${cut}]`);
  assert.is(encodeFrame({ kind: 'failure', to: 1, ...why }), `["x",1,"ServerError","${'x'.repeat(512)}"]`);
});

encoding('joins frames to a batch, in their order', () => {
  assert.is(encodeBatch([{ kind: 'ping', id: 1 }, { kind: 'confirm' }, { kind: 'end' }]), '[["ping",1],["confirm"],["e"]]');
});

encoding("leaves a hello of another version as it is: its fields are that version's", () => {
  const other = { v: 2, features: [], window: { messages: 1, size: 1 }, colour: 'blue' };
  deepStrictEqual(helloFields.encode(other), other);
});

encoding.run();
