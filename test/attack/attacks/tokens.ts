/** Attacks on who one is: guessed, replayed, stale and other people's tokens. */
import { helloFor, newToken, type RawClient, resumeFor } from '../../support/raw.js';
import { type Attack, among, answerTo, endOf, only, password, pause, side, type Target } from '../kit.js';

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
    const { welcome } = await at.startResumable('victim');
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
      const { raw, welcome, token } = await at.startResumable(`replay-${index}`);
      const next = newToken();
      raw.drop();
      const second = await at.open();
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
      const mine = await at.startResumable(`eve-${index}`);
      const theirs = await at.startResumable(`jane-${index}`);
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
      const { raw, welcome, token } = await at.startResumable(`guest-${index}`, { features: ['resume', 'signIn'] });
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
    const { raw: victim, welcome } = await at.startResumable('victim');
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

const helloReplay: Attack = {
  name: 'hello-replay',
  what: 'the same hello of a start, token and all, on 2,000 connections; then it is confirmed, and said again',
  limit:
    '[R24]: the same token is the same start, and each connection makes the one before it deaf; a confirmed one is a session like any other',
  run: async (at) => {
    const hello = helloFor('replay', { features: ['resume'] });
    let session: unknown = null;
    let latest: RawClient | null = null;
    await side(at.size(2_000, 100), 20, async () => {
      const raw = await at.open();
      raw.send(['hello', hello]);
      const [tag, about] = await answerTo(raw);
      if (tag !== 'welcome') return at.count(String(tag));
      const { session: id } = about as { readonly session: string };
      session ??= id;
      at.count(id === session ? 'the same session' : 'another session');
      latest = raw;
    });
    (latest as RawClient | null)?.drop();
    const last = await at.open();
    last.send(['hello', hello]);
    const { session: id } = await last.confirmed();
    at.count(id === session ? 'confirmed' : 'another session');
  },
  // Links that were taken over are closed without a word.
  judge: (tally) => [
    ...among(tally, 'the same session', 'close 1000', 'confirmed'),
    ...(tally.confirmed === 1 ? [] : ['it was not there any more']),
  ],
};

const pingPong: Attack = {
  name: 'takeover-ping-pong',
  what: 'two who share one token take the session from one another, 1,000 times, each while the other is still there; then a third comes with a token that was current once',
  limit: '[R56], [R57]: one link at a time, and each resume rotates the token; `limits.admissionsPerSecond`',
  run: async (at) => {
    const { welcome, token, raw: first } = await at.startResumable('shared');
    let [tokens, former, missed] = [[token], first, 0];
    for (let n = 0; n < at.size(1_000, 40); n += 1) {
      const next = newToken();
      const raw = await at.open();
      raw.send(['hello', resumeFor(welcome.session, tokens, { next })]);
      const [tag, about] = await answerTo(raw);
      if (tag !== 'welcome') {
        at.count(String((about as { readonly code?: unknown } | undefined)?.code ?? tag));
        missed += 1;
        await pause(BUSY_MS);
        continue;
      }
      at.count('taken');
      at.count(`the one before: ${await endOf(former)}`);
      [tokens, former] = [[next], raw];
    }
    if (missed > 0) at.count('waited', missed);
    at.count(`the first token: ${await tried(at, welcome.session, token)}`);
  },
  judge: (tally) => among(tally, 'taken', 'the one before: close 1000', 'ServerBusyError', 'waited', 'the first token: AccessDeniedError'),
};

/** How long somebody waits for whom there is no room, in milliseconds: part of the second in which there is none. */
const BUSY_MS = 100;

const signIns: Attack = {
  name: 'sign-in-flood',
  what: '20 guests sign in with wrong passwords 500 times each, one behind the other; 20 do not wait for the answers, and 20 renew 500 times',
  limit:
    'one sign-in at a time, or a `ProtocolError`; a renewal that is under way passes over others; **wrong passwords are yours to count**',
  run: async (at) => {
    await side(60, 60, async (index) => {
      const { raw } = await at.start(`signing-${index}`, { features: ['signIn', 'renewal'] });
      const wrong = (n: number) => ({ username: `victim-${n}`, authParams: { password: `guess ${n}` }, token: newToken() });
      if (index % 3 === 0) {
        for (let n = 0; n < at.size(500, 10); n += 1) {
          raw.send(['signin', wrong(n)]);
          at.count(String((await raw.take('x'))[2]));
        }
        return raw.drop();
      }
      if (index % 3 === 1) raw.send(['signin', wrong(1)], ['signin', wrong(2)]);
      else
        for (let n = 0; n < at.size(500, 10); n += 1) {
          const { authParams, token } = wrong(n);
          raw.send(['renewal', { authParams, token }]);
        }
      at.count(await endOf(raw));
    });
  },
  judge: (tally) => among(tally, 'AccessDeniedError', 'ProtocolError'),
};

const tooMany: Attack = {
  name: 'token-lists',
  what: 'resumes and abandoned sessions that name thousands of tokens, one that is no token, or the same one over and over',
  limit: '[R19], [R57]: one or two tokens; a `ProtocolError` for more, before any is looked at',
  run: async (at) => {
    const { welcome, token } = await at.startResumable('listed');
    const lists: readonly (readonly unknown[])[] = [
      [],
      [token, token, token],
      Array.from({ length: 300 }, () => newToken()),
      [token.slice(1)],
      [null],
    ];
    await side(at.size(40, 2) * lists.length * 2, 10, async (index) => {
      const tokens = lists[index % lists.length] as readonly string[];
      const raw = await at.open();
      const hello = resumeFor(welcome.session, tokens);
      raw.send([
        'hello',
        index % 2 === 0 ? hello : { ...resumeFor('nobody', [newToken()]), abandoned: { session: welcome.session, tokens } },
      ]);
      at.count(await endOf(raw));
    });
    at.count(`the owner: ${await tried(at, welcome.session, token)}`);
  },
  judge: (tally) => among(tally, 'ProtocolError', 'the owner: served: welcome'),
};

export const tokens: readonly Attack[] = [guessed, replayed, helloReplay, pingPong, anothers, afterSignIn, signIns, abandoned, tooMany];
