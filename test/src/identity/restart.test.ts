/** A session that was signed in goes on as that user's in a later process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { type Fields, newToken, resumeRaw, startResumable } from '../../support/raw.js';
import { startServer } from '../../support/server.js';
import { until } from '../../support/until.js';

const features = ['resume', 'signIn', 'renewal'];
const expiresAt = Date.now() + 1_000_000;

const restart = suite('a restarted server');

restart("has the session as the user's, under the sign-in's token, and says the identity again to who had not heard it", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-'));
  const options = (): ServerOptions => ({
    resumeWindowMs: 60_000,
    store: sqlite(join(folder, 'nl.db')),
    authenticate: () => ({ expiresAt }),
  });
  try {
    const first = await startServer(options());
    const { raw, welcome, token: guest } = await startResumable(first.url, 'visitor', { features });
    const signIn = newToken();
    raw.send(['signin', { username: 'jane', authParams: {}, token: signIn }]);
    await raw.take('identity');
    await first.close();

    const second = await startServer(options());
    assert.equal([second.sessions[0]?.user.name, second.sessions[0]?.user.isGuest], ['jane', false]);
    const stale = await resumeRaw(second.url, welcome.session, [guest], { features });
    assert.is((await stale.refusal()).code, 'AccessDeniedError');
    const back = await resumeRaw(second.url, welcome.session, [signIn], { features, positions: { last: 1 } });
    const [, again] = (await back.take('welcome')) as [string, Fields];
    assert.equal([again.user.name, again.expiresAt, again.features], ['jane', expiresAt, ['resume', 'renewal', 'signIn']]);
    const [, user, how] = (await back.take('identity')) as [string, Fields, Fields];
    assert.equal([user.name, how], ['jane', { to: 1, expiresAt }]);
    const heard: unknown[] = [];
    second.sessions[0]?.on('say', (_, message) => void heard.push(message.user.name));
    back.send(['m', 'say', null]);
    await until(() => heard.length === 1, 'it goes on');
    assert.equal(heard, ['jane']);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

restart.run();
