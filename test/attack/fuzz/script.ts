/** What the attackers of one run do, step by step: drawn from a seed, and shrunk to what is needed where something breaks. */
import fc from 'fast-check';
import { type Mutation, mutation } from './mutate.js';

/** How many links the attackers have at once. */
export const linksMax = 3;

/** Frames by what they are for; the run fills in what is right at that moment. */
const opening = [
  'start',
  'startAgain',
  'startSlowly',
  'resume',
  'resumeFalse',
  'resumeStale',
  'resumeVictim',
  'abandonVictim',
  'lateStart',
  'confirm',
] as const;
const usual = ['message', 'request', 'ack', 'ping', 'slowMessage', 'volatile', 'cancel', 'signIn', 'renewal', 'reply'] as const;
const rare = [
  'failingMessage',
  'unhandledMessage',
  'expiringMessage',
  'unansweredRequest',
  'failure',
  'skip',
  'signInWrong',
  'pong',
] as const;
const last = ['end', 'bye', 'byeEnd', 'ackFuture', 'ackBack', 'ackUnreceived', 'skipFar', 'ackExceptions'] as const;
export type FrameKind = (typeof opening | typeof usual | typeof rare | typeof last)[number];

/** What the app does in the attackers' session, if there is one. */
export const appActs = ['send', 'request', 'volatile', 'flood', 'revoke', 'end', 'everyone'] as const;
export type AppAct = (typeof appActs)[number];

export type FuzzStep =
  | { readonly do: 'open'; readonly link: number; readonly entry: boolean; readonly mutation: Mutation }
  /** As a client does it: a link, its hello, and the confirmation of the welcome. */
  | { readonly do: 'begin'; readonly link: number; readonly as: Beginning }
  | { readonly do: 'say'; readonly link: number; readonly frames: readonly FrameKind[]; readonly mutation: Mutation }
  | { readonly do: 'cut'; readonly link: number }
  | { readonly do: 'app'; readonly act: AppAct }
  | { readonly do: 'wait'; readonly ms: number };

/** How a link begins. */
const beginnings = [
  'start',
  'startAgain',
  'startSlowly',
  'resume',
  'resume',
  'resumeFalse',
  'resumeVictim',
] as const satisfies readonly FrameKind[];
type Beginning = (typeof beginnings)[number];

export interface FuzzScript {
  /** Sessions outlive their server's process: with journals, turns and waits for the store. */
  readonly durable: boolean;
  readonly steps: readonly FuzzStep[];
}

const link = fc.nat({ max: linksMax - 1 });
/** What goes on comes more often than what brings an end, or nothing deep would ever be reached. */
const frames = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<FrameKind>(...usual) },
    { weight: 6, arbitrary: fc.constantFrom<FrameKind>(...rare) },
    { weight: 1, arbitrary: fc.constantFrom<FrameKind>(...last) },
    { weight: 1, arbitrary: fc.constantFrom<FrameKind>(...opening) },
  ),
  { minLength: 1, maxLength: 6 },
);

const step: fc.Arbitrary<FuzzStep> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('open' as const), link, entry: fc.boolean(), mutation }) },
  {
    weight: 3,
    // A session that is there, so that what follows has something to break.
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      link,
      as: fc.constantFrom(...beginnings),
    }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('say' as const), link, frames, mutation }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), link }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('app' as const), act: fc.constantFrom(...appActs) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 30, 600, 5_500, 12_000) }) },
);

export const fuzzScript: fc.Arbitrary<FuzzScript> = fc.record({
  durable: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
});
