/**
 * Is the other side still there? One reducer a link, the same on both sides. The server sets the rhythm: it pings where nothing else is said.
 * Silence past that rhythm is a suspicion, and so is, much sooner, silence where something shipped is not acknowledged. A suspicion is
 * settled by a probe: one ping that is given this link's own time to be answered.
 */
import type { Signs } from './signs.js';

/** The least time that a probe is given, in milliseconds: below it, a busy event loop looks like a dead link. */
export const probeMsMin = 500;
/** The most time that a probe is given, in milliseconds: a link slower than this is of no use to a person. */
export const probeMsMax = 10_000;
/** The least time of a probe where nothing waits, in milliseconds: a spike of a second each way must not cost an idle link. Where the rhythm is quicker, that. */
export const idleProbeMsMin = 2_000;
/** Where something waits to be acknowledged: how long until silence is a loss, probe included, on any but a slow link, in milliseconds: two seconds, less what timers
 * and the news of it take. */
export const silenceMsDefault = 1_850;
/** Where something waits and other things are heard, only the way out can be cut: how long until that is suspected, in milliseconds. */
export const oneWayMs = 8_000;
/** A timer that fires this much late says that the host slept or was throttled, in milliseconds: nothing is concluded from it but that one must ask. */
export const lateMs = 1_000;
/** The first guess at how much a round trip varies, in milliseconds: one sample can not tell. */
export const variationMsFirst = 250;
/** What the slowest link of any use carries in a millisecond, in UTF-16 code units: 128 kbit/s. */
export const unitsPerMs = 16;
/** How late a ping of the rhythm may be, in milliseconds: timers are, by a little, and a client allows for ten times as much. */
const pingLateMs = 50;

/** The slowest rhythm that a client may ask for, in milliseconds: what stands between may forget a connection on which nothing is said for longer. */
const pingEveryMsMax = 60_000;

/** How often a client is pinged that asks for this, or for nothing: not more often than the server does by itself. */
export const rhythmOf = (ownMs: number, askedMs = ownMs): number => Math.max(ownMs, Math.min(askedMs, pingEveryMsMax));

/** What a probe must be answered with to be content: anything that is heard, its own answer, or nothing since it decides nothing. */
type Needs = 'word' | 'answer' | 'nothing';

export interface LivenessState {
  /** How often the server pings, in milliseconds. */
  readonly pingEveryMs: number;
  /** Is it this side that pings? */
  readonly setsRhythm: boolean;
  /** How long until silence is a loss, probe included, where something waits to be acknowledged. */
  readonly silenceMs: number;
  /** Smoothed round-trip time and its variation, in milliseconds; null until one was measured (RFC 6298 §2). */
  readonly smoothedMs: number | null;
  readonly variationMs: number;
  /** When this side's own loop was late last: what came before may wait in the socket. */
  readonly awakeAt: number;
  /** When to look again. */
  readonly dueAt: number;
  /** The ping that is out, if one is. */
  readonly probe: {
    readonly id: number;
    readonly sentAt: number;
    readonly untilAt: number;
    readonly needs: Needs;
    /** Was it told as a suspicion? */
    readonly suspects: boolean;
  } | null;
  readonly lastId: number;
}

export type LivenessInput =
  /**
   * Time has passed. `lostMs`: how long this side's own loop stood still; `nextAt`: when it looks again by itself, whatever it asks for.
   */
  | { readonly type: 'look'; readonly now: number; readonly signs: Signs; readonly lostMs: number; readonly nextAt: number }
  /** Something was shipped that is to be acknowledged, and before it nothing was. */
  | { readonly type: 'awaiting'; readonly now: number; readonly signs: Signs }
  /** Something that happened may have cost the link: ask now. */
  | { readonly type: 'hint'; readonly now: number; readonly signs: Signs }
  /** Anything came. Of use only while `isAsking`. */
  | { readonly type: 'heard'; readonly now: number; readonly signs: Signs }
  | { readonly type: 'pong'; readonly id: number; readonly now: number; readonly signs: Signs }
  /** An acknowledgement showed a round trip, with the time that it waited for data to ride on: good to judge by, not to show. */
  | { readonly type: 'timed'; readonly roundTripMs: number; readonly now: number; readonly signs: Signs };

export type LivenessEffect =
  | { readonly type: 'ping'; readonly id: number }
  /** Look again at `dueAt`, and not at the time that was asked for before. */
  | { readonly type: 'awaitTimer'; readonly inMs: number }
  | { readonly type: 'suspected' }
  | { readonly type: 'heard' }
  | { readonly type: 'measured'; readonly roundTripMs: number }
  /** The probe was not answered in time. */
  | { readonly type: 'silent' };

export type LivenessStep = readonly [LivenessState, readonly LivenessEffect[]];

const nothing: readonly LivenessEffect[] = [];

type Measured = Pick<LivenessState, 'smoothedMs' | 'variationMs'>;

/** What an answer may take on this link: its smoothed time and four variations (RFC 6298 §2.3); a second until it is known (§2.1). */
export const answerMs = ({ smoothedMs, variationMs }: Measured): number =>
  smoothedMs === null ? probeMsMin * 2 : Math.min(smoothedMs + 4 * variationMs, probeMsMax);

/** How long a probe is given. */
export const probeMs = (state: Measured): number => Math.max(answerMs(state), probeMsMin);

/** The probe whose answer decides, if one is out. */
const asked = ({ probe }: LivenessState): LivenessState['probe'] => (probe?.needs === 'nothing' ? null : probe);

/** Is a probe out whose answer decides? */
export const isAsking = (state: LivenessState): boolean => asked(state) !== null;

export interface LivenessTerms {
  readonly pingEveryMs: number;
  readonly setsRhythm: boolean;
  readonly silenceMs: number;
}

/** A link that was just welcomed. Who does not set the rhythm asks once, to learn the round-trip time. */
export const initialLiveness = (terms: LivenessTerms, now: number, signs: Signs): LivenessStep => {
  const { pingEveryMs, setsRhythm, silenceMs } = terms;
  const state: LivenessState = {
    pingEveryMs,
    setsRhythm,
    silenceMs,
    smoothedMs: null,
    variationMs: 0,
    awakeAt: now,
    dueAt: Number.POSITIVE_INFINITY,
    probe: null,
    lastId: 0,
  };
  return setsRhythm ? [state, nothing] : follow(ping(state, now, 0, 'nothing'), signs, now);
};

/** When to ask, what for, and how long that may take. Where something waits, `silenceMs` with the probe, or the time that an answer takes on this link. */
const suspicion = (
  state: LivenessState,
  { heardAt, awaitingSince, longest }: Signs,
): { readonly at: number; readonly needs: Needs; readonly ms: number } => {
  const { awakeAt, pingEveryMs } = state;
  const heard = Math.max(heardAt, awakeAt);
  const idleMs = Math.max(probeMs(state), Math.min(idleProbeMsMin, pingEveryMs));
  const idleAt = heard + pingEveryMs + probeMs(state);
  if (awaitingSince === null) return { at: idleAt, needs: 'word', ms: idleMs };
  const since = Math.max(awaitingSince, awakeAt);
  const dueMs = answerMs(state) + longest / unitsPerMs;
  const silentAt = Math.max(since, heard) + Math.max(state.silenceMs - probeMs(state), dueMs);
  const cutAt = since + Math.max(oneWayMs, dueMs);
  if (cutAt < silentAt && cutAt < idleAt) return { at: cutAt, needs: 'answer', ms: idleMs };
  return silentAt < idleAt ? { at: silentAt, needs: 'word', ms: probeMs(state) } : { at: idleAt, needs: 'word', ms: idleMs };
};

/** Ask to be looked at when something is due. Who sets the rhythm has one timer for all its links, and looks by itself. */
const follow = ([state, effects]: LivenessStep, signs: Signs, now: number): LivenessStep => {
  if (state.setsRhythm) return [state, effects];
  const dueAt = asked(state)?.untilAt ?? suspicion(state, signs).at;
  return [{ ...state, dueAt }, [...effects, { type: 'awaitTimer', inMs: dueAt - now }]];
};

/** Send a ping and give it this time. */
const ping = (state: LivenessState, now: number, ms: number, needs: Needs, suspects = false): LivenessStep => {
  const id = state.lastId + 1;
  const wasSuspect = state.probe?.suspects === true;
  return [
    { ...state, lastId: id, probe: { id, sentAt: now, untilAt: now + ms, needs, suspects: suspects || wasSuspect } },
    [{ type: 'ping', id }, ...(suspects && !wasSuspect ? [{ type: 'suspected' } as const] : [])],
  ];
};

/** The probe decides nothing any more; its ping stays out, to be measured. */
const content = (state: LivenessState, signs: Signs, now: number): LivenessStep => {
  const probe = asked(state);
  if (probe === null) return [state, nothing];
  const next = { ...state, probe: { ...probe, needs: 'nothing', suspects: false } as const };
  return follow([next, probe.suspects ? [{ type: 'heard' }] : nothing], signs, now);
};

const look = (
  state: LivenessState,
  { now, signs, lostMs, nextAt }: Omit<Extract<LivenessInput, { type: 'look' }>, 'type'>,
): LivenessStep => {
  const { setsRhythm } = state;
  const probe = asked(state);
  if (lostMs > lateMs) {
    const awake = { ...state, awakeAt: now };
    if (probe !== null) return follow(ping(awake, now, probe.untilAt - probe.sentAt, probe.needs), signs, now);
    // Who sets the rhythm has many links, and pings them in their turn.
    if (!setsRhythm) return follow(ping(awake, now, probeMs(state), 'word'), signs, now);
    return look(awake, { now, signs, lostMs: 0, nextAt });
  }
  if (probe !== null) return now >= probe.untilAt ? [state, [{ type: 'silent' }]] : follow([state, nothing], signs, now);
  const { at, needs, ms } = suspicion(state, signs);
  if (now >= at) return follow(ping(state, now, ms, needs, true), signs, now);
  if (setsRhythm && nextAt - Math.min(signs.saidAt, signs.heardAt) > state.pingEveryMs + pingLateMs)
    return follow(ping(state, now, 0, 'nothing'), signs, now);
  // The timer is set once and not with each message: what came meanwhile moves it on.
  return follow([state, nothing], signs, now);
};

export const reduceLiveness = (state: LivenessState, input: LivenessInput): LivenessStep => {
  const { now, signs } = input;
  const { probe } = state;
  switch (input.type) {
    case 'look':
      return look(state, input);
    case 'awaiting':
      return isAsking(state) || suspicion(state, signs).at >= state.dueAt ? [state, nothing] : follow([state, nothing], signs, now);
    case 'hint':
      // Asked for a reason, and told as a suspicion only where there is silence as well.
      return isAsking(state)
        ? [state, nothing]
        : follow(ping(state, now, probeMs(state), 'word', now >= suspicion(state, signs).at), signs, now);
    case 'heard': {
      // Where other things were heard all the time, an acknowledgement is what tells.
      const isAnswer = probe?.needs !== 'answer' || signs.awaitingSince === null || signs.awaitingSince >= probe.sentAt;
      return isAnswer ? content(state, signs, now) : [state, nothing];
    }
    case 'pong': {
      if (probe?.id !== input.id) return [state, nothing];
      const roundTripMs = now - probe.sentAt;
      const [next, effects] = content({ ...state, ...smoothed(state, roundTripMs) }, signs, now);
      return [{ ...next, probe: null }, [...effects, { type: 'measured', roundTripMs }]];
    }
    case 'timed':
      return [{ ...state, ...smoothed(state, input.roundTripMs) }, nothing];
  }
};

/**
 * RFC 6298 §2.2-2.3, but that variation is forgotten four times more slowly than it is learnt: what spikes now and then must be remembered
 * from one spike to the next.
 */
const smoothed = (state: LivenessState, sampleMs: number): Measured => {
  if (state.smoothedMs === null) return { smoothedMs: sampleMs, variationMs: Math.max(sampleMs / 2, variationMsFirst) };
  const deviation = Math.abs(state.smoothedMs - sampleMs);
  return {
    smoothedMs: state.smoothedMs + (sampleMs - state.smoothedMs) / 8,
    variationMs: state.variationMs + (deviation - state.variationMs) / (deviation > state.variationMs ? 4 : 16),
  };
};
