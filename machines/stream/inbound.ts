import type { Exception, InboundItem, Outcome } from './packets.js';
import { at, firstIndex, insert, lengthOf, push, type Queue, replace, shift } from './queue.js';
import { type Draft, draftOf, noEffects, type Range, type StreamState, type StreamStep, takesCredit, violated } from './state.js';

/** A peer's next item. Its number is implicit: one more than the last. */
export const arrived = (state: StreamState, item: InboundItem & { readonly size: number }): StreamStep => {
  if (state.peerEnded) return violated(state, 'An item came after the end.');
  const number = state.received + 1;
  // [R27] Nobody knows numbers past what is exact.
  if (state.received + (item.kind === 'skip' ? item.count : 1) >= Number.MAX_SAFE_INTEGER)
    return violated(state, 'More was said than can be counted.');
  if (item.kind === 'skip') {
    const next = draftOf(state);
    next.received += item.count;
    settleRange(next, number, next.received);
    return [next, noEffects];
  }
  if (!takesCredit(item)) {
    const next = draftOf(state);
    next.received = number;
    // Done on arrival: nobody handles these one after the other.
    next.peerEnded = item.kind === 'end';
    settleRange(next, number, number);
    return [next, [item.kind === 'end' ? { type: 'peerEnded' } : { type: 'deliver', number, item }]];
  }
  const taken = { messages: state.taken.messages + 1, size: state.taken.size + item.size };
  if (taken.messages > state.limits.ownWindow.messages) return violated(state, 'More messages are in flight than this side can hold.');
  if (taken.size > state.limits.openSizeMax) return violated(state, 'More text is in flight than this side can hold.');
  const next = draftOf(state);
  next.received = number;
  next.taken = taken;
  next.open = push(state.open, { number, size: item.size });
  return [next, [{ type: 'deliver', number, item }]];
};

/** A handler has settled (a message) or started (a request). Told twice, or for a number that was never received: nothing changes. */
export const settled = (state: StreamState, number: number, outcome: Outcome): StreamStep => {
  if (number <= state.done || number > state.received) return [state, noEffects];
  const progress = withSettled(state, number);
  if (progress === null) return [state, noEffects];
  const next = draftOf(state);
  if (outcome === 'handled') return [settle(next, progress), noEffects];
  // What was not simply handled is kept, and told again and again, until the peer says that it knows.
  if (lengthOf(state.exceptions) < state.limits.exceptionsMax) {
    next.exceptions = withException(state.exceptions, { number, outcome });
    return [settle(next, progress), noEffects];
  }
  if (state.peerTooSlow) return [state, noEffects];
  next.peerTooSlow = true;
  return [next, [{ type: 'tooSlow' }]];
};

/** What has just arrived and is done with that: it is beyond everything that was settled before. */
const settleRange = (next: Draft, from: number, to: number): void => {
  if (from > next.reached + 1) next.gaps = push(next.gaps, { from: next.reached + 1, to: from - 1 });
  next.reached = to;
  if (lengthOf(next.gaps) === 0) next.done = to;
};

const settle = (next: Draft, { done, reached, gaps }: Progress): Draft => {
  next.done = done;
  next.reached = reached;
  next.gaps = gaps;
  free(next);
  return next;
};

type Progress = Pick<StreamState, 'done' | 'reached' | 'gaps'>;

/** With one number more that is settled; null where it was. In turn, and at the end, it costs the same however much is open. */
const withSettled = ({ done, reached, gaps }: StreamState, number: number): Progress | null => {
  if (number > reached) {
    const next = number === reached + 1 ? gaps : push(gaps, { from: reached + 1, to: number - 1 });
    return { done: lengthOf(next) === 0 ? number : done, reached: number, gaps: next };
  }
  const index = firstIndex(gaps, ({ to }) => to >= number);
  const gap = at(gaps, index);
  if (gap === undefined || number < gap.from) return null;
  if (number > done + 1) return { done, reached, gaps: replace(gaps, index, 1, ...apart(gap, number)) };
  if (number < gap.to) return { done: number, reached, gaps };
  const rest = shift(gaps, 1);
  const next = at(rest, 0);
  return { done: next === undefined ? reached : next.from - 1, reached, gaps: rest };
};

/** What is left of a range without one of its numbers. */
const apart = ({ from, to }: Range, number: number): readonly Range[] =>
  [
    { from, to: number - 1 },
    { from: number + 1, to },
  ].filter((part) => part.from <= part.to);

const withException = (exceptions: Queue<Exception>, exception: Exception): Queue<Exception> =>
  insert(
    exceptions,
    firstIndex(exceptions, ({ number }) => number > exception.number),
    exception,
  );

/** Give back the room of what is now part of `done`. */
const free = (next: Draft): void => {
  let count = 0;
  let size = 0;
  for (let open = at(next.open, 0); open !== undefined && open.number <= next.done; open = at(next.open, count)) {
    count += 1;
    size += open.size;
  }
  next.open = shift(next.open, count);
  next.taken = { messages: next.taken.messages - count, size: next.taken.size - size };
  next.untoldSize += size;
};

/** How many items were received, or became done, and are not acknowledged: what decides whether an acknowledgement can wait. */
export const unacknowledged = (state: StreamState): number => Math.max(state.received - state.told.received, state.done - state.told.done);
