import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusal } from '../../../adapters/auth/refuse.js';
import { attemptOf } from './support.js';

const refusing = suite('refusals');

const detail = (said: string, more: Parameters<typeof attemptOf>[1] = {}, authParams = {}): string =>
  refusal('AccessDeniedError', attemptOf(authParams, more), said).detail;

const carrying = (headers: Record<string, string>, url = '/ninelives') => ({ request: { ...attemptOf().request, headers, url } });

refusing('the code and the detail are kept', () => {
  assert.equal(refusal('AccessDeniedError', attemptOf(), 'no'), { code: 'AccessDeniedError', detail: 'no' });
});

refusing('values of the authParams are taken out', () => {
  assert.is(detail('bad hunter22', {}, { password: 'hunter22' }), 'bad [redacted]');
});

refusing('a detail stays on one line', () => {
  assert.is(detail('one\r\ntwo\u001b[31mthree\u0085'), 'one two [31mthree ');
});

refusing('a secret that holds a line break is found before lines are joined', () => {
  assert.is(detail('bad: first\nsecond', {}, { password: 'first\nsecond' }), 'bad: [redacted]');
});

refusing('a detail has an end, and no secret is cut in two by it', () => {
  assert.is(detail('x'.repeat(2000)).length, 1000);
  assert.not.match(detail(`${'x'.repeat(996)}hunter22`, {}, { password: 'hunter22' }), /hunt/);
});

refusing('cookies and authorizations of the request are taken out', () => {
  const request = carrying({
    cookie: 'sid=abc-123; theme=midnight',
    authorization: 'Bearer eyJtoken',
    'x-api-key': 'key-4711',
    host: 'app.example',
  });
  assert.is(
    detail('abc-123, midnight, eyJtoken, key-4711 at app.example with a bearer', request),
    '[redacted], [redacted], [redacted], [redacted] at app.example with a bearer',
  );
  assert.is(detail('authorization was Bearer eyJtoken', request), 'authorization was [redacted]');
});

refusing('the query of the request is taken out, as it stands there and as it is read', () => {
  assert.is(detail('abc%20def or abc def', carrying({}, '/ninelives?ticket=abc%20def')), '[redacted] or [redacted]');
});

refusing.run();
