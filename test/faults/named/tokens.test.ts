/** Who shows a token that is not the current one gets nothing, and the session of its owner goes on. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newToken, resumeRaw, startResumable } from '../../support/raw.js';
import { until } from '../../support/until.js';
import { onStage, stores } from './stage.js';

const tokens = suite('a token');

const denied = { tag: 'deny', code: 'AccessDeniedError', closeCode: 4403 };

for (const store of stores) {
  tokens(
    `that is replayed, with the whole hello that it came in, opens nothing and disturbs nobody (${store})`,
    onStage(store, {}, async ({ url, log, sessionOf }) => {
      const { raw, welcome, token } = await startResumable(url, 'mary');
      raw.drop();
      const next = newToken();
      const owner = await resumeRaw(url, welcome.session, [token], { next });
      await owner.take('welcome');

      const replayed = await resumeRaw(url, welcome.session, [token], { next });
      const { message: _, ...refused } = await replayed.refusal();
      assert.equal(refused, denied);
      assert.is(log.with('security').length, 1);
      const session = await sessionOf('mary');
      session.send('note', 'to its owner');
      await owner.take('m');
      owner.send(['ping', 1]);
      await owner.take('pong');
      assert.not.match(log.text(), token);
      assert.not.match(log.text(), next);
      owner.drop();
    }),
  );

  tokens(
    `that was stolen and is used first locks its owner out, which is refused and logged: both can not go on (${store})`,
    onStage(store, {}, async ({ url, log }) => {
      const { raw, welcome, token } = await startResumable(url, 'mary');
      raw.drop();
      const thief = await resumeRaw(url, welcome.session, [token]);
      await thief.take('welcome');
      const owner = await resumeRaw(url, welcome.session, [token, newToken()]);
      const { message: _, ...refused } = await owner.refusal();
      assert.equal(refused, denied);
      await until(() => log.with('security').length === 1, 'it is in the log');
      thief.drop();
    }),
  );

  tokens(
    `of another session, of another API key, or guessed, opens nothing (${store})`,
    onStage(store, { server: { apiKeys: ['one', 'two'] }, client: { apiKey: 'one' } }, async ({ url, log }) => {
      const mine = await startResumable(url, 'mary', { key: 'one' });
      const other = await startResumable(url, 'anne', { key: 'one' });
      const attempts = [
        { tokens: [other.token], key: 'one' },
        { tokens: [mine.token], key: 'two' },
        { tokens: [newToken(), newToken()], key: 'one' },
      ];
      for (const { tokens: shown, key } of attempts) {
        const { message: _, ...refused } = await (await resumeRaw(url, mine.welcome.session, shown, { key })).refusal();
        assert.equal(refused, denied);
      }
      assert.is(log.with('security').length, attempts.length);
      mine.raw.send(['ping', 7]);
      await mine.raw.take('pong');
      for (const { raw } of [mine, other]) raw.drop();
    }),
  );
}

tokens.run();
