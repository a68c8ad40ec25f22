import type { Ack, InboundPacket } from '../../machines/stream/packets.js';
import { initialStream, type StreamInput, type StreamState } from '../../machines/stream/state.js';
import { reduceStream } from '../../machines/stream/stream.js';

/** One way in which a stream is busy, with a number of items in flight that stays as it is from round to round. */
export interface Scenario {
  readonly name: string;
  /** A stream with this many items in flight, and what one round puts into it. */
  prepare(inFlight: number): { readonly state: StreamState; round(index: number): readonly StreamInput[] };
}

/** UTF-16 code units of one payload, a short chat line: the reducer never looks into it. */
const payload = JSON.stringify({ text: 'x'.repeat(40) });

/** Nothing is refused and nothing waits for credit: the windows are not what is measured. */
const roomy = (inFlight: number): StreamState => {
  const room = { messages: inFlight * 2, size: Number.MAX_SAFE_INTEGER };
  return initialStream({
    peerWindow: room,
    ownWindow: room,
    openSizeMax: Number.MAX_SAFE_INTEGER,
    buffer: room,
    answers: room,
    exceptionsMax: room.messages,
    batchItemsMax: 127,
    batchSizeMax: 262_144,
  });
};

const send = (ticket: number): StreamInput => ({
  type: 'send',
  entry: { ticket, item: { kind: 'message', type: 'chat', payload }, size: payload.length },
});
const arrived = (packet: InboundPacket): StreamInput => ({ type: 'arrived', packet });
const message = arrived({ kind: 'message', type: 'chat', payload: null, size: payload.length });
const answer = arrived({ kind: 'reply', to: 1, payload: null, size: payload.length });
const acknowledgement = (told: Partial<Ack>): StreamInput =>
  arrived({ kind: 'ack', received: 0, done: 0, last: 0, seen: 0, exceptions: [], ...told });
const flush: StreamInput = { type: 'flush' };

const after = (state: StreamState, inputs: readonly StreamInput[]): StreamState =>
  inputs.reduce((reached, input) => reduceStream(reached, input)[0], state);

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

export const scenarios: readonly Scenario[] = [
  {
    name: 'send, ship, hear that the oldest is done',
    prepare: (inFlight) => ({
      state: after(roomy(inFlight), [...numbers(inFlight).map(send), flush]),
      round: (index) => [send(inFlight + index), flush, acknowledgement({ received: inFlight + index, done: index })],
    }),
  },
  {
    name: 'receive, settle the oldest, acknowledge',
    prepare: (inFlight) => ({
      state: after(
        roomy(inFlight),
        numbers(inFlight).map(() => message),
      ),
      round: (index) => [message, { type: 'settled', number: index, outcome: 'handled' }, flush],
    }),
  },
  {
    name: 'answers arrive between messages that wait',
    prepare: (inFlight) => ({
      state: after(
        roomy(inFlight),
        numbers(inFlight).flatMap(() => [message, answer]),
      ),
      round: (index) => [message, answer, { type: 'settled', number: index * 2 - 1, outcome: 'handled' }],
    }),
  },
  {
    name: 'every handler fails, and the peer hears it late',
    prepare: (inFlight) => ({
      state: after(roomy(inFlight), [
        ...numbers(inFlight).flatMap((number): StreamInput[] => [message, { type: 'settled', number, outcome: 'failed' }]),
        { type: 'ackDue' },
      ]),
      round: (index) => [
        message,
        { type: 'settled', number: inFlight + index, outcome: 'failed' },
        acknowledgement({ last: inFlight + index, seen: index }),
        flush,
      ],
    }),
  },
  {
    name: 'send, take the oldest back unshipped',
    prepare: (inFlight) => ({
      state: after(roomy(inFlight), numbers(inFlight).map(send)),
      round: (index) => [send(inFlight + index), { type: 'withdraw', ticket: index }],
    }),
  },
];
