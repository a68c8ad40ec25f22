import type { StreamWindow } from '../../machines/stream/packets.js';
import type { StreamLimits } from '../../machines/stream/state.js';
import { framesPerBatchMax, itemOverheadMax } from '../wire/limits.js';

/** The most payload text in one batch of several messages, in UTF-16 code units: even at three bytes each it fits the default batch limit of 1 MiB. */
export const batchSizeMax = 262_144;
/** How many handlers of requests may run at once, however small the window: a handler that asks back must not be refused for want of window. */
const requestsRunningMin = 1_024;
/**
 * How many answers for each handler that may run: as many may be ready at once, on their way, and waiting for their acknowledgement;
 * one more for what nobody thought of.
 */
const answersPerHandler = 4;
/** How many windows of exceptions: a peer that acknowledges honestly leaves at most two unseen (test/machines/stream/pair.test.ts). */
const exceptionWindows = 4;

/** What an app allows a side to hold. */
interface Allowed {
  /** Of the other side's messages. */
  readonly ownWindow: StreamWindow;
  /** Of its own. */
  readonly buffer: StreamWindow;
}

/** What the other side has agreed to. */
interface Agreed {
  readonly peerWindow: StreamWindow;
  readonly messageSizeMax: number;
}

/** How many handlers of requests run at once; past that, requests are refused. */
export const requestsRunningMax = ({ ownWindow }: Allowed): number => Math.max(ownWindow.messages, requestsRunningMin);

/** The bounds of one stream. */
export const limitsOf = (allowed: Allowed, { peerWindow, messageSizeMax }: Agreed): StreamLimits => {
  const { ownWindow, buffer } = allowed;
  return {
    peerWindow,
    ownWindow,
    // A size on the wire is a share of its batch, so that it is exact for a batch and not for each message: twice what may be in flight is past all
    // honest doubt. One message may be, however small the window.
    openSizeMax: Math.max(ownWindow.size, messageSizeMax) * 2 + ownWindow.messages * itemOverheadMax,
    buffer,
    // Own requests, which the buffer bounds, may all be cancelled at once.
    answers: {
      messages: buffer.messages + requestsRunningMax(allowed) * answersPerHandler,
      size: Math.max(buffer.size, messageSizeMax),
    },
    exceptionsMax: ownWindow.messages * exceptionWindows,
    batchItemsMax: framesPerBatchMax - 1,
    batchSizeMax,
  };
};
