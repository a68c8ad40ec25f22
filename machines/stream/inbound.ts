import type { Exception, InboundItem, Outcome, StreamWindow } from './packets.js';
import { at, push, shift } from './queue.js';
import {
  noEffects,
  type OpenItem,
  type Range,
  type StreamEffect,
  type StreamState,
  type StreamStep,
  takesCredit,
  violated,
} from './state.js';

/** These are done on arrival: nobody handles them one after the other. */
const isDoneOnArrival = (item: InboundItem): boolean => !takesCredit(item);

/** A peer's next item. Its number is implicit: one more than the last. */
export const arrived = (state: StreamState, item: InboundItem & { readonly size: number }): StreamStep => {
  const number = state.received + 1;
  if (state.peerEnded) return violated(state, 'An item came after the end.');
  const credit = takesCredit(item);
  const taken = credit ? plus(state.taken, 1, item.size) : state.taken;
  if (taken.messages > state.limits.ownWindow.messages) return violated(state, 'More messages are in flight than this side can hold.');
  if (taken.size > state.limits.openSizeMax) return violated(state, 'More text is in flight than this side can hold.');
  const next: StreamState = {
    ...state,
    received: number,
    taken,
    open: push(state.open, { size: item.size, takesCredit: credit }),
    peerEnded: item.kind === 'end',
  };
  const effect: StreamEffect = item.kind === 'end' ? { type: 'peerEnded' } : { type: 'deliver', number, item };
  return [isDoneOnArrival(item) ? settle(next, number, 'handled') : next, [effect]];
};

/** A handler has settled (a message) or started (a request). Told twice, or for a number that was never received: nothing changes. */
export const settled = (state: StreamState, number: number, outcome: Outcome): StreamStep => [settle(state, number, outcome), noEffects];

const settle = (state: StreamState, number: number, outcome: Outcome): StreamState => {
  if (number <= state.done || number > state.received || state.ahead.some(({ from, to }) => from <= number && number <= to)) return state;
  const exceptions = outcome === 'handled' ? state.exceptions : withException(state.exceptions, { number, outcome });
  if (number !== state.done + 1) return { ...state, exceptions, ahead: withNumber(state.ahead, number) };
  const [first] = state.ahead;
  const joins = first !== undefined && first.from === number + 1;
  return freed({ ...state, exceptions, ahead: joins ? state.ahead.slice(1) : state.ahead }, joins ? first.to : number);
};

/** Give back the room of what is now part of `done`. */
const freed = (state: StreamState, done: number): StreamState => {
  let { messages, size } = state.taken;
  const count = done - state.done;
  for (let index = 0; index < count; index += 1) {
    const open = at(state.open, index) as OpenItem;
    if (!open.takesCredit) continue;
    messages -= 1;
    size -= open.size;
  }
  return { ...state, done, open: shift(state.open, count), taken: { messages, size } };
};

const plus = (window: StreamWindow, messages: number, size: number): StreamWindow => ({
  messages: window.messages + messages,
  size: window.size + size,
});

const withException = (exceptions: readonly Exception[], exception: Exception): readonly Exception[] => {
  const index = exceptions.findIndex(({ number }) => number > exception.number);
  return index < 0 ? [...exceptions, exception] : [...exceptions.slice(0, index), exception, ...exceptions.slice(index)];
};

/** Ranges with one number more, neighbours joined, ascending. */
const withNumber = (ranges: readonly Range[], number: number): readonly Range[] => {
  const before = ranges.filter(({ to }) => to < number - 1);
  const after = ranges.filter(({ from }) => from > number + 1);
  const left = ranges.find(({ to }) => to === number - 1);
  const right = ranges.find(({ from }) => from === number + 1);
  return [...before, { from: left?.from ?? number, to: right?.to ?? number }, ...after];
};

/** How many items were received and not yet acknowledged as received: what decides whether an acknowledgement can wait. */
export const unacknowledged = (state: StreamState): number => Math.max(state.received - state.told.received, state.done - state.told.done);
