import type { Exception, InboundItem, Outcome } from './packets.js';
import { at, firstIndex, insert, lengthOf, push, type Queue, replace, shift } from './queue.js';
import { noEffects, type OpenItem, type Range, type StreamState, type StreamStep, takesCredit, violated } from './state.js';

/** A peer's next item. Its number is implicit: one more than the last. */
export const arrived = (state: StreamState, item: InboundItem & { readonly size: number }): StreamStep => {
  if (state.peerEnded) return violated(state, 'An item came after the end.');
  const number = state.received + 1;
  if (!takesCredit(item)) {
    // Done on arrival: nobody handles these one after the other.
    const isEnd = item.kind === 'end';
    const next = settle({ ...state, received: number, peerEnded: isEnd }, number, 'handled');
    return [next, [isEnd ? { type: 'peerEnded' } : { type: 'deliver', number, item }]];
  }
  const taken = { messages: state.taken.messages + 1, size: state.taken.size + item.size };
  if (taken.messages > state.limits.ownWindow.messages) return violated(state, 'More messages are in flight than this side can hold.');
  if (taken.size > state.limits.openSizeMax) return violated(state, 'More text is in flight than this side can hold.');
  const open = push(state.open, { number, size: item.size });
  return [{ ...state, received: number, taken, open }, [{ type: 'deliver', number, item }]];
};

/** A handler has settled (a message) or started (a request). Told twice, or for a number that was never received: nothing changes. */
export const settled = (state: StreamState, number: number, outcome: Outcome): StreamStep => {
  const next = settle(state, number, outcome);
  // What was not simply handled is kept, and told again and again, until the peer says that it knows.
  if (lengthOf(next.exceptions) <= state.limits.exceptionsMax) return [next, noEffects];
  return [{ ...state, peerTooSlow: true }, state.peerTooSlow ? noEffects : [{ type: 'tooSlow' }]];
};

const settle = (state: StreamState, number: number, outcome: Outcome): StreamState => {
  if (number <= state.done || number > state.received) return state;
  const progress = withSettled(state, number);
  if (progress === null) return state;
  const exceptions = outcome === 'handled' ? state.exceptions : withException(state.exceptions, { number, outcome });
  const { done, reached, gaps } = progress;
  const next = { ...state, done, reached, gaps, exceptions };
  return done === state.done ? next : freed(next);
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
const freed = (state: StreamState): StreamState => {
  const count = firstIndex(state.open, ({ number }) => number > state.done);
  if (count === 0) return state;
  let size = 0;
  for (let index = 0; index < count; index += 1) size += (at(state.open, index) as OpenItem).size;
  const taken = { messages: state.taken.messages - count, size: state.taken.size - size };
  return { ...state, open: shift(state.open, count), taken, untoldSize: state.untoldSize + size };
};

/** How many items were received, or became done, and are not acknowledged: what decides whether an acknowledgement can wait. */
export const unacknowledged = (state: StreamState): number => Math.max(state.received - state.told.received, state.done - state.told.done);
