import { confirmUpTo } from './outbound.js';
import type { Positions, StreamWindow } from './packets.js';
import { at, firstIndex, lengthOf, queueOf, shift, toArray } from './queue.js';
import { type Draft, draftOf, type Shipped, type StreamEffect, type StreamState, type StreamStep, takesCredit } from './state.js';

/** Numbers of one direction that the two sides can not agree on: one of them has lost what the other relies on. */
export interface Mismatch {
  /** `own`: what this side shipped. `peer`: what the other side did. */
  readonly direction: 'own' | 'peer';
  readonly from: number;
  readonly to: number;
}

/**
 * Do the two sides' positions fit, so that the stream can go on? Null: they do. Never a guess: what was forgotten on either side is named. [R58]
 */
export const mismatchOf = (state: StreamState, peer: Positions): Mismatch | null => {
  const shipped = lastShipped(state);
  if (peer.received > shipped) return { direction: 'own', from: shipped + 1, to: peer.received };
  if (peer.done < state.peerDone) return { direction: 'own', from: peer.done + 1, to: state.peerDone };
  // All that the peer does not have must still be here, number by number.
  const missing = kept(state).filter(({ number }) => number > peer.received);
  if (missing.length !== shipped - peer.received)
    return { direction: 'own', from: peer.received + 1, to: (missing[0]?.number ?? shipped + 1) - 1 };
  return peer.last < state.received ? { direction: 'peer', from: peer.last + 1, to: state.received } : null;
};

/**
 * The stream on a new link: what the peer is done with is confirmed, what it does not have is shipped again under its numbers before anything
 * new. `own` is what this side told of itself when it asked or answered; the positions are to fit (`mismatchOf`). [R59]
 */
export const resumed = (state: StreamState, own: Pick<Positions, 'received' | 'done'>, peer: Positions): StreamStep => {
  const next = draftOf(state);
  const effects: StreamEffect[] = [];
  rewind(next, peer.received);
  next.exceptions = shift(
    next.exceptions,
    firstIndex(next.exceptions, ({ number }) => number > peer.seen),
  );
  confirmUpTo(next, peer.done, peer.exceptions, effects);
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

/** All that is shipped and kept, whether it was shipped on the latest link or waits to be shipped again; ascending. */
const kept = ({ sent, answers, replay }: StreamState): readonly Shipped[] =>
  [...toArray(sent), ...toArray(answers), ...toArray(replay)].sort((a, b) => a.number - b.number);

/** The last number that was ever shipped, also where a resume is under way. */
const lastShipped = ({ replay, shipped }: StreamState): number => at(replay, lengthOf(replay) - 1)?.number ?? shipped;

/** As if what the peer does not have had never been shipped, but for its numbers. What it has of answers is let go of. [R30] */
const rewind = (next: Draft, peerReceived: number): void => {
  const all = kept(next);
  const there = all.filter(({ number }) => number <= peerReceived);
  next.replay = queueOf(...all.slice(there.length));
  next.sent = queueOf(...there.filter(({ entry }) => takesCredit(entry.item)));
  next.answers = queueOf();
  next.shipped = peerReceived;
  next.peerReceived = peerReceived;
  next.inFlight = sumOf(toArray(next.sent));
  next.heldAnswers = sumOf([...toArray(next.prompt).map((entry) => ({ entry })), ...toArray(next.replay)].filter(isAnswer));
};

const isAnswer = ({ entry }: Pick<Shipped, 'entry'>): boolean => !takesCredit(entry.item) && entry.item.kind !== 'end';

const sumOf = (list: readonly Pick<Shipped, 'entry'>[]): StreamWindow =>
  list.reduce(({ messages, size }, { entry }) => ({ messages: messages + 1, size: size + entry.size }), { messages: 0, size: 0 });
