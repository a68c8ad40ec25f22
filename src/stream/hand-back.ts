import { toArray } from '../../machines/stream/queue.js';
import type { Entry, StreamState } from '../../machines/stream/state.js';
import { unconfirmed } from '../../machines/stream/stream.js';
import { Sent, type Unconfirmed } from './sent.js';

/** An entry as the app gets it back. */
export const givenBack = (entry: Entry, { shipped, handled }: Pick<Unconfirmed, 'shipped' | 'handled'>): readonly Unconfirmed[] => {
  if (entry instanceof Sent) entry.settle('unknown');
  const { item } = entry;
  return item.kind === 'message' || item.kind === 'request'
    ? [{ kind: item.kind, type: item.type, payload: JSON.parse(item.payload) as unknown, shipped, handled }]
    : [];
};

/**
 * All that is not confirmed, oldest first. `isMaybe`: may what was shipped under this number have been handled? `isAnswered`: is the answer to the
 * request of this ticket here? Then it is known as handled.
 */
export const allGivenBack = (
  state: StreamState,
  isMaybe: (number: number) => boolean,
  isAnswered: (ticket: number) => boolean,
): readonly Unconfirmed[] => {
  const numbers = new Map([...toArray(state.sent), ...toArray(state.replay)].map(({ entry, number }) => [entry, number]));
  return unconfirmed(state).flatMap((entry) => {
    if (isAnswered(entry.ticket)) return [];
    const number = numbers.get(entry);
    const shipped = number !== undefined;
    return givenBack(entry, { shipped, handled: shipped && isMaybe(number) ? 'unknown' : 'no' });
  });
};
