import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../../../../machines/ports/json.js';
import { passwordsOf } from '../../../../src/cli/serve/passwords.js';

const passwords = suite('passwords of `ninelives serve`');

const request = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };
const attempt = (username: string, password: Json) => ({
  username,
  authParams: { password },
  request,
  signal: new AbortController().signal,
});

passwords('the password of a name admits, and nothing else does', async () => {
  const { authenticate } = await passwordsOf(
    new Map([
      ['jane', 'sesame'],
      ['joe', 'swordfish'],
    ]),
  );
  assert.equal(await authenticate(attempt('jane', 'sesame')), { _tag: 'Right', right: {} });
  for (const [name, password] of [
    ['jane', 'swordfish'],
    ['jane', 'sesam'],
    ['jane', ''],
    ['jane', null],
    ['jane', ['sesame']],
    ['nobody', 'sesame'],
    ['__proto__', 'sesame'],
  ] as const) {
    const verdict = await authenticate(attempt(name, password));
    assert.is(verdict._tag === 'Left' && verdict.left.code, 'AccessDeniedError', `${name} ${password}`);
    assert.not.match(JSON.stringify(verdict), /sesam|swordfish/);
  }
});

passwords('letters that look the same are the same', async () => {
  const { authenticate } = await passwordsOf(new Map([['jane', 'caf\u00e9']]));
  assert.is((await authenticate(attempt('jane', 'cafe\u0301')))._tag, 'Right');
});

passwords('an unknown name takes as long as a known one', async () => {
  const { authenticate } = await passwordsOf(new Map([['jane', 'sesame']]));
  const took = async (name: string): Promise<number> => {
    const from = performance.now();
    for (let i = 0; i < 5; i += 1) await authenticate(attempt(name, 'wrong'));
    return performance.now() - from;
  };
  await took('jane');
  const [known, unknown] = [await took('jane'), await took('nobody')];
  // A name that were looked up only would be a hundred times faster; the bound leaves room for a busy machine.
  assert.ok(unknown > known / 5, `${unknown} ms, ${known} ms`);
});

passwords.run();
