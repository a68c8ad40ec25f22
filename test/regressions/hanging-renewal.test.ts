/** A credential that the app never came up with was waited for until the authentication had ended: later asks of the server were not even heard, and the session was denied. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inMemory } from '../src/client/support.js';

const test = suite('authParams that never come');

test('cost a renewal its limit, and the server asks again', async () => {
  const hourMs = 3_600_000;
  let asked = 0;
  const signals: AbortSignal[] = [];
  const { host, server, kitty } = inMemory({ authenticate: () => ({ expiresAt: host.clock.wall() + hourMs }) });
  const starting = kitty.startSession({
    username: 'jane',
    authParams: ({ signal }) => {
      asked += 1;
      signals.push(signal);
      return asked === 2 ? new Promise(() => undefined) : { ticket: asked };
    },
  });
  await host.settle();
  const { session } = await starting;
  await host.settle();
  const renewing = session?.renew();
  await host.advance(10_000);
  const result = await renewing;
  assert.equal([result?.error?.code, result?.error?.retryable, signals[1]?.aborted], ['AuthParamsUnavailableError', true, true]);
  assert.is((await Promise.all([session?.renew(), host.advance(100)]))[0]?.succeeded, true);
  assert.equal([asked, kitty.getSnapshot().status, signals[2]?.aborted], [3, 'active', false]);
  void kitty.endSession();
  await host.advance(10_000);
  await server.close();
  assert.is(host.pendingTimers, 0);
});

test.run();
