/**
 * One session's stream, seen from one side: numbering, credit, acknowledging and the goodbye, both ways. Client and server run the same
 * reducer: `(state, input) -> [state, effects]`, pure. Rules: docs/protocol.md, "Streams".
 */
import { arrived, settled, unacknowledged } from './inbound.js';
import { acknowledged, end, expire, flush, send, withdraw } from './outbound.js';
import { lengthOf } from './queue.js';
import { concluded, resumed } from './resume.js';
import { draftOf, type StreamEffect, type StreamInput, type StreamState, type StreamStep } from './state.js';

export { unconfirmed, unconfirmedCount } from './outbound.js';
export { isLastWord, isMaybeHandled, type Mismatch, mismatchOf, positionsOf } from './resume.js';

/** One step. Effects are to be done in their order. */
export const reduceStream = (state: StreamState, input: StreamInput): StreamStep => {
  switch (input.type) {
    case 'send':
      return send(state, input.entry, input.replaces);
    case 'withdraw':
      return withdraw(state, input.ticket);
    case 'end':
      return end(state);
    case 'arrived':
      return input.packet.kind === 'ack' ? completed(acknowledged(state, input.packet)) : arrived(state, input.packet);
    case 'settled':
      return settled(state, input.number, input.outcome);
    case 'expire':
      return expire(state, input.now);
    case 'ackDue':
      return completed(flush(state, true, input.now));
    case 'flush':
      return completed(flush(state, mustAcknowledge(state), input.now));
    case 'resumed':
      return completed(resumed(state, input));
    case 'concluded':
      return concluded(state, input.peer, input.reborn);
  }
};

/** An acknowledgement waits for data to ride on, but not past half of the peer's credit, nor once the peer waits for the end. */
const mustAcknowledge = (state: StreamState): boolean =>
  state.peerEnded || unacknowledged(state) * 2 >= state.limits.ownWindow.messages || state.untoldSize * 2 >= state.limits.ownWindow.size;

/** Both ends are said, everything is done on both sides, and both know. Told once. */
const completed = ([state, effects]: StreamStep): StreamStep => {
  const isComplete =
    !state.complete &&
    state.peerEnded &&
    state.ownEnd === 'shipped' &&
    lengthOf(state.replay) === 0 &&
    state.peerDone === state.shipped &&
    state.told.done === state.received;
  if (!isComplete) return [state, effects];
  const next = draftOf(state);
  next.complete = true;
  return [next, [...effects, { type: 'complete' } satisfies StreamEffect]];
};
