import { confirmUpTo, roomOf } from './outbound.js';
import type { Positions } from './packets.js';
import { at, firstIndex, lengthOf, queueOf, shift, toArray } from './queue.js';
import {
  type Draft,
  draftOf,
  type LastWord,
  type Shipped,
  type StreamEffect,
  type StreamInput,
  type StreamState,
  type StreamStep,
  takesCredit,
} from './state.js';

/** Numbers of one direction that the two sides can not agree on: one of them has lost what the other relies on. */
export interface Mismatch {
  /** `own`: what this side shipped. `peer`: what the other side did. */
  readonly direction: 'own' | 'peer';
  readonly from: number;
  readonly to: number;
}

/** On how many links in a row an item is shipped in vain before it is handed back: what a proxy refuses or a peer dies of would end every link to come. */
export const stallsMax = 5;

/**
 * Do the two sides' positions fit, so that the stream can go on? Null: they do. Never a guess: what was forgotten on either side is named. [R58]
 * What was only received may be forgotten, since its sender keeps it or can skip it; what was done may not. `seen` is held to what is done, not to
 * what the last acknowledgement told: a goodbye tells it too.
 */
export const mismatchOf = (state: StreamState, peer: Positions): Mismatch | null => {
  const shipped = lastShipped(state);
  if (peer.received > shipped) return { direction: 'own', from: shipped + 1, to: peer.received };
  const contradiction = contradictionIn(peer);
  if (contradiction !== null) return contradiction;
  if (peer.done < state.peerDone) return { direction: 'own', from: peer.done + 1, to: state.peerDone };
  if (peer.seen > state.done) return { direction: 'peer', from: state.done + 1, to: peer.seen };
  return peer.last < state.received ? { direction: 'peer', from: peer.last + 1, to: state.received } : null;
};

/** [R29] What a peer says of itself and can not be: what is done was received, and an exception is part of what is done. */
const contradictionIn = ({ received, done, exceptions }: LastWord): Mismatch | null => {
  if (done > received) return { direction: 'own', from: received + 1, to: done };
  const beyond = exceptions.find(({ number }) => number > done);
  return beyond === undefined ? null : { direction: 'own', from: done + 1, to: beyond.number };
};

type Resumed = Extract<StreamInput, { type: 'resumed' }>;

/**
 * The stream on a new link: what the peer is done with is confirmed, what it does not have is shipped again under its numbers before anything
 * new. `own` is what this side told of itself when it asked or answered; the positions are to fit (`mismatchOf`). [R59]
 */
export const resumed = (state: StreamState, { own, peer, reborn }: Omit<Resumed, 'type'>): StreamStep => {
  const next = draftOf(state);
  const effects: StreamEffect[] = [];
  const last = lastShipped(state);
  if (reborn) next.redeliverUpTo = last;
  next.stalls = peer.received > state.resumedAt || state.shipped === peer.received ? 0 : state.stalls + 1;
  next.resumedAt = peer.received;
  rewind(next, peer.received, last, effects);
  confirmUpTo(next, peer.done, peer.exceptions, effects);
  next.exceptions = shift(
    next.exceptions,
    firstIndex(next.exceptions, ({ number }) => number > peer.seen),
  );
  next.told = { received: own.received, done: own.done };
  next.untoldSize = 0;
  next.ackWaits = false;
  // What it had left unacknowledged is told anew by its positions.
  next.peerTooSlow = false;
  return [next, effects];
};

/** Where this side stands, as it tells in a hello or a welcome. */
export const positionsOf = (state: StreamState): Omit<Positions, 'incarnation'> => ({
  received: state.received,
  done: state.done,
  seen: state.peerDone,
  last: lastShipped(state),
  exceptions: toArray(state.exceptions).filter(({ number }) => number <= state.done),
});

/** The last number that was ever shipped, also where a resume is under way. */
export const lastShipped = ({ replay, shipped }: Pick<StreamState, 'replay' | 'shipped'>): number =>
  at(replay, lengthOf(replay) - 1)?.number ?? shipped;

/** All that is shipped and kept, whether it was shipped on the latest link or waits to be shipped again; ascending. */
const kept = ({ sent, answers, replay }: StreamState): readonly Shipped[] =>
  [...toArray(sent), ...toArray(answers), ...toArray(replay)]
    .filter(({ entry }) => entry.item.kind !== 'skip')
    .sort((a, b) => a.number - b.number);

/** As if what the peer does not have had never been shipped, but for its numbers. What it has of answers is let go of. [R30] */
const rewind = (next: Draft, peerReceived: number, last: number, effects: StreamEffect[]): void => {
  const all = kept(next);
  const there = withForgotten(
    next,
    all.filter(({ number, entry }) => number <= peerReceived && takesCredit(entry.item)),
    peerReceived,
  );
  const missing = withoutPoison(
    next,
    all.filter(({ number }) => number > peerReceived),
    peerReceived,
    effects,
  );
  next.replay = queueOf(...withSkips(missing, peerReceived + 1, last));
  next.sent = queueOf(...there);
  next.answers = queueOf(...all.filter(({ number, entry }) => number <= peerReceived && entry.item.kind === 'end'));
  next.shipped = peerReceived;
  next.peerReceived = peerReceived;
  next.inFlight = roomOf(there);
  // An identity waits among what is queued.
  const waiting = [...toArray(next.prompt), ...toArray(next.queued)].map((entry) => ({ entry }));
  next.heldAnswers = roomOf([...waiting, ...missing].filter(isAnswer));
};

/**
 * What an earlier process shipped and nobody knows of any more may be a request that the peer still has: it takes its window like one, or more
 * would be shipped than it can hold. [R36]
 */
const withForgotten = ({ peerDone, forgottenUpTo }: Draft, there: readonly Shipped[], peerReceived: number): readonly Shipped[] => {
  const whole: Shipped[] = [...there];
  const known = new Set(there.map(({ number }) => number));
  for (let number = peerDone + 1; number <= Math.min(peerReceived, forgottenUpTo); number += 1)
    if (!known.has(number)) whole.push({ number, entry: { ticket: 0, item: { kind: 'skip', count: 1 }, size: 0 } });
  return whole.sort((a, b) => a.number - b.number);
};

/** [R60] The first one of what is to be shipped again is given up where link after link did not outlive it. An end is said in any case. */
const withoutPoison = (next: Draft, missing: readonly Shipped[], peerReceived: number, effects: StreamEffect[]): readonly Shipped[] => {
  const [first] = missing;
  if (next.stalls < stallsMax || first === undefined || first.number !== peerReceived + 1 || first.entry.item.kind === 'end')
    return missing;
  next.stalls = 0;
  if (takesCredit(first.entry.item)) next.held = { messages: next.held.messages - 1, size: next.held.size - first.entry.size };
  effects.push({ type: 'handedBack', shipped: first });
  return missing.slice(1);
};

/** [R60] Numbers that are not kept are skipped: answers that were let go of once they were received, by a peer that has forgotten them; what was handed back. */
export const withSkips = (list: readonly Shipped[], from: number, to: number): readonly Shipped[] => {
  const whole: Shipped[] = [];
  let next = from;
  const skipTo = (end: number): void => {
    // A skip goes under the last of its numbers: those before it are its own.
    if (end >= next) whole.push({ number: end, entry: { ticket: 0, item: { kind: 'skip', count: end - next + 1 }, size: 0 } });
  };
  for (const shipped of list) {
    skipTo(shipped.number - 1);
    whole.push(shipped);
    next = shipped.number + 1;
  }
  skipTo(to);
  return whole;
};

/** Of what is kept, which no skip is. */
const isAnswer = ({ entry: { item } }: Pick<Shipped, 'entry'>): boolean => !takesCredit(item) && item.kind !== 'end';

/** Is this a last word on what this side shipped? What does not fit is no word at all: nothing is to be concluded from it. */
export const isLastWord = (state: StreamState, peer: LastWord): boolean =>
  peer.received <= lastShipped(state) && peer.done >= state.peerDone && contradictionIn(peer) === null;

/**
 * The peer's last word on what it got, at the end of a link or of the session (`isLastWord`): what it is done with is confirmed, the rest is as
 * after a lost link. What a peer that lost its memory does not know of, it may have handled all the same. [R51]
 */
export const concluded = (state: StreamState, peer: LastWord, reborn = false): StreamStep => {
  const next = draftOf(state);
  const effects: StreamEffect[] = [];
  if (reborn) next.redeliverUpTo = lastShipped(state);
  rewind(next, peer.received, lastShipped(state), effects);
  confirmUpTo(next, peer.done, peer.exceptions, effects);
  return [next, effects];
};

/** May the peer have handled what was shipped under this number? Not what it said not to have, unless a life that it has forgotten had it. */
export const isMaybeHandled = ({ shipped, redeliverUpTo }: StreamState, number: number): boolean =>
  number <= shipped || number <= redeliverUpTo;
