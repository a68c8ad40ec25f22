import { createHmac } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signWebhook, verifyWebhookSignature } from '../../../adapters/auth/webhook-signature.js';

const signing = suite('webhook signatures');

const secret = 'a secret of the two';
const body = '{"username":"jäne"}';
const nowMs = 1_700_000_000_999;
const header = signWebhook(secret, body, nowMs);
const verified = (more: Partial<Parameters<typeof verifyWebhookSignature>[0]> = {}) =>
  verifyWebhookSignature({ secret, header, body, nowMs, ...more });
const v1 = header.slice(header.indexOf(',') + 1);

signing('are the seconds and the HMAC-SHA256 over seconds, full stop and body', () => {
  const expected = createHmac('sha256', secret).update(`1700000000.${body}`).digest('hex');
  assert.is(header, `t=1700000000,v1=${expected}`);
});

signing('are verified over the text and over the bytes of the body', () => {
  assert.is(verified(), true);
  assert.is(verified({ body: new TextEncoder().encode(body) }), true);
});

signing('verify against the present moment where none is given', () => {
  assert.is(verifyWebhookSignature({ secret, body, header: signWebhook(secret, body, Date.now()) }), true);
  assert.is(verifyWebhookSignature({ secret, body, header }), false);
});

signing('are refused for another body, secret or time', () => {
  assert.is(verified({ body: `${body} ` }), false);
  assert.is(verified({ secret: 'another' }), false);
  assert.is(verified({ header: `t=1700000001,${v1}` }), false);
});

signing('are good for 300 seconds in both directions, or as long as is said', () => {
  const s = 1_700_000_000_000;
  assert.is(verified({ nowMs: s + 300_000 }), true);
  assert.is(verified({ nowMs: s + 301_000 }), false);
  assert.is(verified({ nowMs: s - 300_000 }), true);
  assert.is(verified({ nowMs: s - 301_000 }), false);
  assert.is(verified({ nowMs: s + 11_000, toleranceS: 10 }), false);
  assert.is(verified({ toleranceS: Number.NaN }), false);
});

signing('may be several in one header while a secret is changed', () => {
  const other = '0'.repeat(64);
  assert.is(verified({ header: `t=1700000000, v1=${other}, ${v1}` }), true);
  assert.is(verified({ header: [`t=1700000000`, v1] }), true);
});

for (const [title, bad] of [
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['without a time', v1],
  ['with two times', `t=1700000000,t=1700000000,${v1}`],
  ['with a time that is no number', `t=1.7e9,${v1}`],
  ['without a digest', 't=1700000000'],
  ['with a digest cut short', header.slice(0, -1)],
  ['with a digest in capitals', `t=1700000000,${v1.toUpperCase().replace('V1', 'v1')}`],
  ['longer than any', `${header},${'x'.repeat(1024)}`],
] as const)
  signing(`are refused where the header is ${title}`, () => assert.is(verified({ header: bad }), false));

signing('are refused where the secret is empty', () => {
  assert.is(verified({ secret: '', header: signWebhook('', body, nowMs) }), false);
});

signing.run();
