/** A date with a fraction of a millisecond, as arithmetic on dates gives, went into the welcome as it was: no client could read it, and none was ever let in. */
import { suite } from 'uvu';
import { started, withServer } from '../support/server.js';

const test = suite('an authentication that ends at a fraction of a millisecond');

test(
  'ends at the whole one before it, and admits until then',
  withServer({ authenticate: () => ({ expiresAt: Date.now() + 60_000.5 }) }, async ({ client, sessionOf }) => {
    await started(client(), 'jane', { authParams: { password: 'x' } });
    await sessionOf('jane');
  }),
);

test.run();
