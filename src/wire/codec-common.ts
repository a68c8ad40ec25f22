/** The frames that both sides may say, as io-ts codecs, and how such a codec is made. */
import { chain } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { InboundItem } from '../../machines/stream/packets.js';
import { code, count, detail, exceptions, itemNumber, messageType, options, payload, positions, record, waitMs } from './codec-values.js';
import type { ClientFrame, ServerFrame } from './frames.js';

/** A frame without the size that an item gets from the batch it came in. */
export type Sizeless<Frame> = Frame extends { readonly kind: infer Kind; readonly size: number }
  ? Extract<InboundItem, { readonly kind: Kind }>
  : Frame;
export type AnyFrame = Sizeless<ClientFrame | ServerFrame>;
type Of<Kind extends AnyFrame['kind']> = Extract<AnyFrame, { readonly kind: Kind }>;

type Parts<Codecs extends readonly t.Mixed[]> = { -readonly [I in keyof Codecs]: t.TypeOf<Codecs[I]> };

/** A codec for a frame: an array of its tag and its parts. Further elements are ignored ([R6]); a part that is undefined at the end is left out. */
export const frame = <Kind extends AnyFrame['kind'], const Codecs extends readonly t.Mixed[]>(
  name: string,
  kind: Kind,
  tag: string,
  codecs: Codecs,
  to: (...parts: Parts<Codecs>) => Of<Kind>,
  back: (frame: Of<Kind>) => Parts<Codecs>,
): t.Type<Of<Kind>, unknown, unknown> => {
  // The declared type of `t.tuple` ends at five parts, its code does not.
  const tuple = t.tuple([t.literal(tag), ...codecs] as unknown as [t.Mixed], name);
  return new t.Type<Of<Kind>, unknown, unknown>(
    name,
    (value): value is Of<Kind> => typeof value === 'object' && value !== null && (value as { readonly kind?: unknown }).kind === kind,
    (value, context) =>
      chain<t.Errors, readonly unknown[], Of<Kind>>(([, ...parts]) => t.success(to(...(parts as Parts<Codecs>))))(
        tuple.validate(value, context),
      ),
    (value) => {
      const parts: readonly unknown[] = tuple.encode([tag, ...back(value)] as unknown as [unknown]);
      return parts.at(-1) === undefined ? parts.slice(0, -1) : parts;
    },
  );
};

/** A part that may be left out. */
export const maybe = <A>(codec: t.Type<A, unknown, unknown>): t.Type<A | undefined, unknown, unknown> => t.union([codec, t.undefined]);

export const message = frame(
  'Message',
  'message',
  'm',
  [messageType, payload, maybe(options)],
  (type, body, how) => ({ kind: 'message', type, payload: body, ...(how && { options: how }) }),
  (f) => [f.type, f.payload, f.options],
);
export const request = frame(
  'Request',
  'request',
  'q',
  [messageType, waitMs, payload, maybe(options)],
  (type, timeoutMs, body, how) => ({ kind: 'request', type, timeoutMs, payload: body, ...(how && { options: how }) }),
  (f) => [f.type, f.timeoutMs, f.payload, f.options],
);
export const reply = frame(
  'Reply',
  'reply',
  'r',
  [itemNumber, payload],
  (to, body) => ({ kind: 'reply', to, payload: body }),
  (f) => [f.to, f.payload],
);
export const failureReply = frame(
  'Failure',
  'failure',
  'x',
  [itemNumber, code, detail],
  (to, said, why) => ({ kind: 'failure', to, code: said, message: why }),
  (f) => [f.to, f.code, f.message],
);
export const cancel = frame(
  'Cancel',
  'cancel',
  'c',
  [itemNumber],
  (to) => ({ kind: 'cancel', to }),
  (f) => [f.to],
);
export const end = frame(
  'End',
  'end',
  'e',
  [],
  () => ({ kind: 'end' }),
  () => [],
);
export const skip = frame(
  'Skip',
  'skip',
  's',
  [itemNumber],
  (n) => ({ kind: 'skip', count: n }),
  (f) => [f.count],
);
export const volatile = frame(
  'Volatile',
  'volatile',
  'v',
  [messageType, payload],
  (type, body) => ({ kind: 'volatile', type, payload: body }),
  (f) => [f.type, f.payload],
);
export const ack = frame(
  'Ack',
  'ack',
  'a',
  [count, count, count, count, exceptions],
  (received, done, last, seen, list) => ({ kind: 'ack', received, done, last, seen, exceptions: list }),
  (f) => [f.received, f.done, f.last, f.seen, f.exceptions],
);
export const ping = frame(
  'Ping',
  'ping',
  'ping',
  [count],
  (id) => ({ kind: 'ping', id }),
  (f) => [f.id],
);
export const pong = frame(
  'Pong',
  'pong',
  'pong',
  [count],
  (id) => ({ kind: 'pong', id }),
  (f) => [f.id],
);
const byeFields = record('ByeFields', { code, message: detail }, { retryAfterMs: waitMs, spreadMs: waitMs, positions });
export const bye = frame(
  'Bye',
  'bye',
  'bye',
  [byeFields],
  ({ positions: where, ...why }) => ({ kind: 'bye', bye: why, ...(where && { positions: where }) }),
  (f) => [{ ...f.bye, ...(f.positions && { positions: f.positions }) }],
);

export const commonFrames = [message, request, ack, reply, failureReply, cancel, end, skip, volatile, ping, pong, bye] as const;
