/** Attacks on who one is: guessed, replayed, stale and other people's tokens. */
import { newToken, openRaw, resumeFor, startResumable } from '../../support/raw.js';
import { type Attack, among, answerTo, endOf, only, password, side, type Target } from '../kit.js';

/** A resume with one token, and how it is answered. */
const tried = async (at: Target, session: string, token: string): Promise<string> => {
  const raw = await at.open();
  raw.send(['hello', resumeFor(session, [token])]);
  const [tag, about] = await answerTo(raw);
  raw.drop();
  if (tag === 'deny' || tag === 'bye') return String((about as { readonly code: unknown }).code);
  return tag === 'gone' || tag === 'mismatch' ? tag : `served: ${tag}`;
};

const guessed: Attack = {
  name: 'guessed-tokens',
  what: '10,000 resumes of a session that is there and of ones that are not, with tokens that are guessed; the owner goes on beside them',
  limit: '256 random bits, compared in constant time; each guess costs a connection, and a line in the log',
  run: async (at) => {
    const { welcome } = await startResumable(at.url, 'victim');
    await side(at.size(10_000, 200), 50, async (index) => {
      at.count(await tried(at, index % 2 === 0 ? welcome.session : `guess-${index}`, newToken()));
    });
  },
  judge: (tally, scale) => {
    const half = (scale === 'full' ? 10_000 : 200) / 2;
    return only(tally, { AccessDeniedError: half, gone: half });
  },
};

const replayed: Attack = {
  name: 'replayed-tokens',
  what: 'the tokens of sessions that were ended, rotated away by a resume, or have expired, are shown again',
  limit: 'a token is good until the next one is committed, or the session is over',
  run: async (at) => {
    await side(at.size(100, 10), 10, async (index) => {
      const { raw, welcome, token } = await startResumable(at.url, `replay-${index}`);
      const next = newToken();
      raw.drop();
      const second = await openRaw(at.url);
      second.send(['hello', resumeFor(welcome.session, [token], { next })]);
      await second.take('welcome');
      at.count(`rotated away: ${await tried(at, welcome.session, token)}`);
      second.send(['bye', { code: 'SessionEndedError', message: '' }]);
      await second.closed;
      at.count(`ended: ${await tried(at, welcome.session, next)}`);
      at.count(`ended, and rotated away: ${await tried(at, welcome.session, token)}`);
    });
  },
  judge: (tally) =>
    among(
      tally,
      'rotated away: AccessDeniedError',
      'ended: SessionEndedError',
      'ended: gone',
      'ended, and rotated away: AccessDeniedError',
    ),
};

const anothers: Attack = {
  name: "another's-token",
  what: "one user's good token is shown for another's session, and under another API key",
  limit: 'a token is bound to its session and to the API key',
  run: async (at) => {
    await side(at.size(150, 10), 10, async (index) => {
      const mine = await startResumable(at.url, `eve-${index}`);
      const theirs = await startResumable(at.url, `jane-${index}`);
      at.count(`another's session: ${await tried(at, theirs.welcome.session, mine.token)}`);
      const raw = await at.open();
      raw.send(['hello', { ...resumeFor(theirs.welcome.session, [theirs.token]), key: 'another' }]);
      at.count(`another key: ${await endOf(raw)}`);
      mine.raw.drop();
      theirs.raw.drop();
    });
  },
  judge: (tally) => among(tally, "another's session: AccessDeniedError", 'another key: AccessDeniedError'),
};

const afterSignIn: Attack = {
  name: 'guest-after-sign-in',
  what: "a guest's token is shown after the session has signed in as a user",
  limit: "the sign-in's token takes effect with its commit, and the guest's is void",
  run: async (at) => {
    await side(at.size(100, 5), 5, async (index) => {
      const { raw, welcome, token } = await startResumable(at.url, `guest-${index}`, { features: ['resume', 'signIn'] });
      const next = newToken();
      raw.send(['signin', { username: `user-${index}`, authParams: { password }, token: next }]);
      await raw.take('identity');
      at.count(`the guest's: ${await tried(at, welcome.session, token)}`);
      at.count(`a guessed one: ${await tried(at, welcome.session, newToken())}`);
      raw.drop();
    });
  },
  judge: (tally) => among(tally, "the guest's: AccessDeniedError", 'a guessed one: AccessDeniedError'),
};

const abandoned: Attack = {
  name: 'abandoned-spam',
  what: "hellos that name another's session as abandoned, to have it ended",
  limit: 'it is ended only for one of its own tokens',
  run: async (at) => {
    const { raw: victim, welcome } = await startResumable(at.url, 'victim');
    await side(at.size(2_000, 50), 20, async () => {
      const raw = await at.open();
      raw.send([
        'hello',
        { ...resumeFor('nobody', [newToken()]), abandoned: { session: welcome.session, tokens: [newToken(), newToken()] } },
      ]);
      at.count((await raw.take('gone'))[0]);
      raw.drop();
    });
    victim.send(['q', 'mirror', 1_000, 1]);
    await victim.take('r');
    at.count('the victim is there');
  },
  judge: (tally, scale) => only(tally, { gone: scale === 'full' ? 2_000 : 50, 'the victim is there': 1 }),
};

export const tokens: readonly Attack[] = [guessed, replayed, anothers, afterSignIn, abandoned];
