/**
 * Is the other side still there? One reducer a link, on the client. The server sets the rhythm: it pings where it says nothing else. Silence
 * past that rhythm is a suspicion, and a suspicion is settled by a probe: one ping that is given this link's own time to be answered.
 */

/** The least time that a probe is given, in milliseconds: below it, a busy event loop looks like a dead link. */
export const probeMsMin = 500;
/** The most time that a probe is given, in milliseconds: a link slower than this is of no use to a person. */
export const probeMsMax = 10_000;
/** A timer that fires this much late says that the host slept or was throttled, in milliseconds: nothing is concluded from it but that one must ask. */
export const lateMs = 1_000;

export interface LivenessState {
  /** How often the server pings, in milliseconds. */
  readonly pingEveryMs: number;
  /** Smoothed round-trip time and its variation, in milliseconds; null until one was measured (RFC 6298 §2). */
  readonly smoothedMs: number | null;
  readonly variationMs: number;
  readonly heardAt: number;
  /** When the silence timer is due. */
  readonly dueAt: number;
  /** The ping that is out, if one is. */
  readonly probe: { readonly id: number; readonly sentAt: number; readonly suspects: boolean } | null;
  readonly lastId: number;
}

export type LivenessInput =
  /** Anything arrived. */
  | { readonly type: 'heard'; readonly now: number }
  | { readonly type: 'pong'; readonly id: number; readonly now: number }
  /** The timer fired. */
  | { readonly type: 'timer'; readonly now: number }
  /** Something happened that may have cost the link: ask now. */
  | { readonly type: 'probe'; readonly now: number };

export type LivenessEffect =
  | { readonly type: 'ping'; readonly id: number }
  /** Say `timer` in this time; replaces a timer that was asked for before. */
  | { readonly type: 'awaitTimer'; readonly inMs: number }
  | { readonly type: 'suspected' }
  | { readonly type: 'heard' }
  | { readonly type: 'measured'; readonly roundTripMs: number }
  /** The probe was not answered in time. */
  | { readonly type: 'silent' };

export type LivenessStep = readonly [LivenessState, readonly LivenessEffect[]];

/** How long an answer may take on this link: its smoothed time and four variations (RFC 6298 §2.3), within bounds. */
export const probeMs = ({ smoothedMs, variationMs }: Pick<LivenessState, 'smoothedMs' | 'variationMs'>): number =>
  smoothedMs === null ? probeMsMin * 2 : Math.min(Math.max(smoothedMs + 4 * variationMs, probeMsMin), probeMsMax);

/** A link that was just welcomed. It asks once, to learn its round-trip time. */
export const initialLiveness = (pingEveryMs: number, now: number): LivenessStep => {
  const state: LivenessState = {
    pingEveryMs,
    smoothedMs: null,
    variationMs: 0,
    heardAt: now,
    dueAt: now,
    probe: { id: 1, sentAt: now, suspects: false },
    lastId: 1,
  };
  const [armed, effects] = arm(state, silenceMs(state), now);
  return [armed, [{ type: 'ping', id: 1 }, ...effects]];
};

/** How long nothing may come before it is suspect. */
const silenceMs = (state: LivenessState): number => state.pingEveryMs + probeMs(state);

const arm = (state: LivenessState, inMs: number, now: number): LivenessStep => [
  { ...state, dueAt: now + inMs },
  [{ type: 'awaitTimer', inMs }],
];

/** Send a ping and give it this link's time. */
const ask = (state: LivenessState, now: number): LivenessStep => {
  const id = state.lastId + 1;
  const wasSuspect = state.probe?.suspects === true;
  const [armed, effects] = arm({ ...state, lastId: id, probe: { id, sentAt: now, suspects: true } }, probeMs(state), now);
  return [armed, [{ type: 'ping', id }, ...(wasSuspect ? [] : [{ type: 'suspected' } as const]), ...effects]];
};

const heard = (state: LivenessState, now: number): LivenessStep => {
  const next = { ...state, heardAt: now };
  if (state.probe?.suspects !== true) return [next, []];
  // The ping stays out, to be measured; it no longer decides anything.
  const [armed, effects] = arm({ ...next, probe: { ...state.probe, suspects: false } }, silenceMs(next), now);
  return [armed, [{ type: 'heard' }, ...effects]];
};

export const reduceLiveness = (state: LivenessState, input: LivenessInput): LivenessStep => {
  switch (input.type) {
    case 'heard':
      return heard(state, input.now);
    case 'pong': {
      // It is something that arrived, whether or not anybody still waits for it.
      const [next, effects] = heard(state, input.now);
      if (next.probe?.id !== input.id) return [next, effects];
      const sampleMs = input.now - next.probe.sentAt;
      return [{ ...next, ...smoothed(next, sampleMs), probe: null }, [...effects, { type: 'measured', roundTripMs: sampleMs }]];
    }
    case 'probe':
      return state.probe?.suspects === true ? [state, []] : ask(state, input.now);
    case 'timer': {
      if (state.probe?.suspects === true) return input.now - state.dueAt > lateMs ? ask(state, input.now) : [state, [{ type: 'silent' }]];
      // The timer is armed once and not at each message: what came meanwhile moves it on.
      const leftMs = state.heardAt + silenceMs(state) - input.now;
      return leftMs > 0 ? arm(state, leftMs, input.now) : ask(state, input.now);
    }
  }
};

/** RFC 6298 §2.2-2.3, with its usual gains of 1/8 and 1/4. */
const smoothed = (state: LivenessState, sampleMs: number): Pick<LivenessState, 'smoothedMs' | 'variationMs'> =>
  state.smoothedMs === null
    ? { smoothedMs: sampleMs, variationMs: sampleMs / 2 }
    : {
        smoothedMs: state.smoothedMs * 0.875 + sampleMs * 0.125,
        variationMs: state.variationMs * 0.75 + Math.abs(state.smoothedMs - sampleMs) * 0.25,
      };
