/** Attacks by mass: each frame is allowed, and there are far too many of them. */
import { helloFor, type RawClient } from '../../support/raw.js';
import { type Attack, among, answerTo, endOf, flood, side, stay, type Target } from '../kit.js';

/** How many sessions flood at once. */
const FLOODERS = 4;

/** Sessions that say one batch again and again; how it ends is counted, and `borne` where it does not. */
const flooding = async (at: Target, name: string, features: readonly string[], batches: number, batch: string): Promise<void> =>
  side(FLOODERS, FLOODERS, async (index) => {
    const { raw } = await at.start(`${name}-${index}`, { features });
    const sent = await flood(raw, batches, () => batch);
    at.count('batches', sent);
    raw.send(['ping', 7]);
    const isBorne = await raw.take('pong').then(
      () => true,
      () => false,
    );
    at.count(isBorne ? 'borne' : await endOf(raw));
    raw.drop();
  });

const many = (frame: readonly unknown[]): string => JSON.stringify(Array.from({ length: 128 }, () => frame));

const messages: Attack = {
  name: 'message-flood',
  what: 'four sessions send messages without regard to credit: 128 in a batch, as fast as the socket takes them',
  limit: '`limits.window`: what is handled as fast as it comes is borne, what is not is a `ProtocolError`',
  run: (at) => flooding(at, 'messages', [], at.size(4_000, 60), many(['m', 'evil', { text: 'x'.repeat(50) }])),
  judge: (tally) => among(tally, 'batches', 'borne', 'ProtocolError'),
};

const requests: Attack = {
  name: 'request-flood',
  what: 'four sessions send requests without end and acknowledge no answer',
  limit: 'four windows of answers ([R37]): `SlowConsumerError`',
  run: (at) => flooding(at, 'requests', [], at.size(4_000, 200), many(['q', 'mirror', 1_000, 1])),
  judge: (tally) => among(tally, 'batches', 'SlowConsumerError', 'ProtocolError'),
};

const acknowledgements: Attack = {
  name: 'ack-storm',
  what: 'four sessions acknowledge nothing, 128 times in each batch',
  limit: 'an acknowledgement that says nothing new costs its reading, and brings no answer',
  run: (at) => flooding(at, 'acks', [], at.size(4_000, 60), many(['a', 0, 0, 0, 0])),
  judge: (tally) => among(tally, 'batches', 'borne'),
};

const skips: Attack = {
  name: 'skip-flood',
  what: 'four sessions skip numbers and cancel requests that never were, behind a handler that never comes to an end',
  limit: 'what is skipped is kept as ranges, never one by one',
  run: (at) =>
    flooding(
      at,
      'skips',
      [],
      at.size(4_000, 60),
      JSON.stringify(Array.from({ length: 128 }, (_, n) => (n % 2 === 0 ? ['s', 1_000] : ['c', 1]))),
    ),
  judge: (tally) => among(tally, 'batches', 'borne'),
};

const volatiles: Attack = {
  name: 'volatile-flood',
  what: 'four sessions send volatile messages without end, to a handler that never comes to an end and to nobody',
  limit: '1,024 handlers of volatile messages at once; past that they are dropped',
  run: (at) =>
    flooding(
      at,
      'volatile',
      ['volatile'],
      at.size(4_000, 60),
      JSON.stringify(Array.from({ length: 128 }, (_, n) => ['v', n % 2 === 0 ? 'slow' : 'nobody', n])),
    ),
  judge: (tally) => among(tally, 'batches', 'borne'),
};

const starts: Attack = {
  name: 'start-flood',
  what: '12,000 starts of guests under new names, confirmed and left at once',
  limit:
    '`limits.admissionsPerSecond`: the excess is told `ServerBusyError`; a guest is forgotten with the last session that is remembered',
  run: (at) =>
    side(at.size(12_000, 300), 100, async (index) => {
      const raw = await at.open();
      raw.send(['hello', helloFor(`start-${index}`, { features: ['resume'] })], ['ping', 1]);
      const welcomed = await raw.take('welcome').then(
        () => true,
        () => false,
      );
      if (!welcomed) return at.count(await endOf(raw));
      raw.send(['confirm'], ['bye', { code: 'SessionEndedError', message: '' }]);
      at.count('started');
      await raw.closed;
    }),
  judge: (tally) => among(tally, 'started', 'ServerBusyError'),
};

const lost: Attack = {
  name: 'lost-sessions',
  what: '2,000 sessions that may be resumed are started, loaded with what their handlers never come to, and left without a word',
  limit: '`resumeWindowMs`, `limits.lostSessions`, `limits.window`, `limits.admissionsPerSecond`',
  run: (at) =>
    side(at.size(2_000, 50), 50, async (index) => {
      const raw = await at.open();
      raw.send(['hello', helloFor(`lost-${index}`, { features: ['resume'] })]);
      const welcomed = await raw.take('welcome').then(
        () => true,
        () => false,
      );
      if (!welcomed) return at.count(await endOf(raw));
      raw.send(['confirm'], ['m', 'slow', 0], ...Array.from({ length: 20 }, () => ['m', 'evil', 'x'.repeat(1_000)]), ['ping', 1]);
      await raw.take('pong');
      raw.drop();
      at.count('left');
    }),
  judge: (tally) => among(tally, 'left', 'ServerBusyError'),
};

const oneUser: Attack = {
  name: 'one-user',
  what: '4,000 sessions of one user are started, as fast as the server lets them, and stay; then all leave at once',
  limit: '`limits.admissionsPerSecond`, `limits.sessions`; `sessionsPerUser` where a user is to have one',
  run: async (at) => {
    const raws: RawClient[] = [];
    await side(at.size(4_000, 100), 100, async () => {
      const raw = await at.open();
      raw.send(['hello', helloFor('crowd')]);
      const [tag] = await answerTo(raw);
      if (tag !== 'welcome') return at.count(await endOf(raw));
      raw.send(['confirm']);
      stay(raw);
      raws.push(raw);
      at.count('started');
    });
    for (const raw of raws) raw.drop();
  },
  judge: (tally) => among(tally, 'started', 'ServerBusyError'),
};

export const floods: readonly Attack[] = [messages, requests, acknowledgements, skips, volatiles, starts, oneUser, lost];
