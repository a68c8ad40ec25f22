import type { ConnectionInput, ConnectionState } from '../../machines/connection/connection.js';
import type { InboundData, InboundPacket } from '../../machines/stream/packets.js';
import { decodeClientBatch } from '../wire/decode-client.js';
import type { ClientFrame, HelloFields, StartFields } from '../wire/frames.js';
import { isPacket } from '../wire/is-packet.js';
import { helloSizeMax, renewalFeature } from '../wire/limits.js';
import type { ConnectionLiveness } from './connection-liveness.js';
import type { RenewalFrame } from './connection-renewal.js';
import type { LiveSession } from './session.js';

/** The connection that a message came on, as far as reading goes. */
export interface FrameReader {
  readonly state: ConnectionState;
  readonly session: LiveSession | null;
  readonly liveness: ConnectionLiveness;
  /** Did both sides agree on volatile messages? */
  readonly hasVolatile: boolean;
  input(input: ConnectionInput): void;
  violated(code: 'ProtocolError' | 'MessageTooLargeError' | 'InvalidTextError', detail: string): void;
  deliver(packets: readonly InboundData[]): void;
  /** Say what the batch's pings are to be answered with. */
  answerPings(): void;
  helloCame(hello: HelloFields): void;
  startCame(start: StartFields): void;
  renewalCame(renewal: RenewalFrame): void;
  drop(): void;
}

const beforeWelcome: ReadonlySet<ConnectionState> = new Set(['awaitingHello', 'resuming', 'awaitingStart', 'admitting']);

/** A message of the client: its frames, in their order, to where they belong. */
export const readMessage = (reader: FrameReader, data: string | ArrayBuffer, now: number): void => {
  reader.liveness.noted(now);
  if (typeof data !== 'string') return reader.violated('ProtocolError', 'A binary message came.');
  // [R16] Seen before it is parsed: until then anyone may send it.
  if (data.length > helloSizeMax && beforeWelcome.has(reader.state))
    return reader.violated('MessageTooLargeError', `Before the welcome, a message is at most ${helloSizeMax} characters long.`);
  const batch = decodeClientBatch(data);
  if (!batch.ok) return reader.violated(batch.code, batch.detail);
  const { frames } = batch;
  if (frames.every(isPacket)) {
    deliver(reader, frames);
    return reader.liveness.heard(now);
  }
  let packets: InboundData[] = [];
  for (const frame of frames) {
    if (reader.state === 'closed') return;
    if (isPacket(frame) || (frame.kind === 'volatile' && reader.hasVolatile)) packets.push(frame);
    else {
      // Control and data keep their order.
      deliver(reader, packets);
      packets = [];
      readControl(reader, frame, now);
    }
  }
  reader.answerPings();
  deliver(reader, packets);
  reader.liveness.heard(now);
};

const deliver = (reader: FrameReader, packets: readonly InboundData[]): void => {
  if (packets.length > 0) reader.deliver(packets);
};

const readControl = (reader: FrameReader, frame: Exclude<ClientFrame, InboundPacket>, now: number): void => {
  switch (frame.kind) {
    case 'hello':
      return reader.helloCame(frame.hello);
    case 'start':
      return reader.startCame(frame.start);
    case 'confirm':
      return reader.input({ type: 'confirm' });
    case 'ping':
      return reader.input({ type: 'ping', id: frame.id });
    case 'pong':
      reader.input({ type: 'pong' });
      return reader.liveness.answered(frame.id, now);
    case 'bye':
      // [R48] Whatever is said behind it is not read, so that the socket is of no more use.
      if (frame.positions !== undefined) reader.session?.conversation.conclude(frame.positions);
      return frame.bye.code === 'SessionEndedError' ? reader.input({ type: 'left' }) : reader.drop();
    case 'renewal':
      if (reader.state === 'live' && reader.session?.features.includes(renewalFeature) !== true) return notAgreed(reader, frame.kind);
      return reader.renewalCame(frame);
    case 'volatile':
      return notAgreed(reader, frame.kind);
  }
};

const notAgreed = (reader: FrameReader, kind: string): void =>
  reader.violated('ProtocolError', `A frame of a feature came that this server does not offer: ${kind}.`);
