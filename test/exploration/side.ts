/** One side of a session: the state of the shipped stream reducer, and of an app that sends, handles and answers. */
import {
  type JournalMark,
  type JournalPart,
  journalSince,
  journalStart,
  markOf,
  restoredStream,
  storedPositionsOf,
} from '../../machines/stream/journal.js';
import { toArray } from '../../machines/stream/queue.js';
import { initialStream, type StreamLimits, type StreamState } from '../../machines/stream/state.js';
import type { Configuration } from './configuration.js';
import { type Part, Parts } from './parts.js';
import type { Met } from './rules.js';

export interface Delivered {
  readonly number: number;
  readonly index: number;
  readonly isMarked: boolean;
}

/** What is kept of a stream through a crash, as its turns wrote it. */
interface Journal {
  readonly mark: JournalMark;
  readonly part: JournalPart;
}

export interface Side {
  readonly stream: Part<StreamState>;
  readonly tickets: number;
  /** Handlers run one at a time: the first one's does. */
  readonly inbox: readonly Delivered[];
  /** A handler of the stream before this one still runs: what it handles. */
  readonly former: number | null;
  /** Requests whose handlers run, by number. */
  readonly running: readonly number[];
  /** Own requests that wait for their answers. `number`: 0 until they are shipped. */
  readonly asked: readonly { readonly ticket: number; readonly number: number; readonly index: number }[];
  readonly ackAwaited: boolean;
  /** There is no link. */
  readonly isStopped: boolean;
  /** The other side has said on a later link, or as its last word, what it has. */
  readonly isTold: boolean;
  /** The other side has said its goodbye, and what it said before is not all handled. */
  readonly endHeard: boolean;
  readonly journal: Journal | null;
}

const queues = ['queued', 'prompt', 'sent', 'answers', 'replay', 'open', 'gaps', 'exceptions'] as const;

/** All that can be seen of a stream: a queue is what is in it. */
export const streamKey = (state: StreamState): string => {
  const { limits, queued, prompt, sent, answers, replay, open, gaps, exceptions, ...rest } = state;
  return JSON.stringify([rest, ...queues.map((name) => toArray<unknown>(state[name]))]);
};

export const streamParts = (): Parts<StreamState> => new Parts(streamKey);

/** What every side of an exploration shares. */
export interface Around {
  readonly configuration: Configuration;
  readonly limits: StreamLimits;
  readonly streams: Parts<StreamState>;
  readonly met: Met;
}

export const limitsFor = ({ window }: Configuration): StreamLimits => ({
  peerWindow: window,
  ownWindow: window,
  openSizeMax: 10_000,
  buffer: { messages: 10, size: 10_000 },
  answers: { messages: 10, size: 10_000 },
  exceptionsMax: 10,
  batchItemsMax: 10,
  batchSizeMax: 10_000,
});

export const newSide = ({ streams, limits }: Around, isKept: boolean): Side => ({
  stream: streams.of(initialStream(limits)),
  tickets: 0,
  inbox: [],
  former: null,
  running: [],
  asked: [],
  ackAwaited: false,
  isStopped: false,
  isTold: false,
  endHeard: false,
  journal: isKept ? { mark: journalStart, part: { entries: [], numbers: [], dropped: [] } } : null,
});

/** With what a turn added to it, all as one part; what is over is left out. */
export const journalAfter = ({ journal, tickets }: Side, state: StreamState): Journal | null => {
  if (journal === null) return null;
  const { entries, numbers } = journalSince(state, journal.mark);
  const { oldest } = storedPositionsOf(state, tickets);
  return {
    mark: markOf(state, tickets),
    part: {
      entries: [...journal.part.entries, ...entries].filter(({ ticket }) => ticket >= oldest),
      numbers: [...journal.part.numbers, ...numbers],
      dropped: [],
    },
  };
};

/** The side as a process finds it that comes after its own: without handlers, without askers. `isStopped`: it had a link that is lost now. */
export const restoredSide = (around: Around, side: Side, isStopped: boolean): Side => {
  const { journal, tickets, stream } = side;
  if (journal === null) throw new Error('Nothing was kept of it.');
  const { plant } = around.configuration;
  const positions = storedPositionsOf(stream.value, tickets);
  const state =
    plant === 'numberReused'
      ? restoredStream(around.limits, { ...positions, shipped: positions.peerDone }, [{ ...journal.part, numbers: [] }])
      : restoredStream(around.limits, plant === 'markForgotten' ? { ...positions, redeliverUpTo: 0 } : positions, [journal.part]);
  return {
    ...newSide(around, true),
    stream: around.streams.of(state),
    tickets,
    isStopped: isStopped || plant === 'startStaysMute',
    endHeard: positions.peerEnded && state.ownEnd === 'open',
    journal: { mark: markOf(state, tickets), part: journal.part },
  };
};
