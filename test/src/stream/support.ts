/** Two conversations that talk over the real wire text, and what tests of the parts of one stand on. */
import { type VirtualHost, virtualHost } from '../../../adapters/hosts/virtual.js';
import type { Failure } from '../../../machines/reasons.js';
import type { InboundData, OutboundData } from '../../../machines/stream/packets.js';
import { Conversation } from '../../../src/stream/conversation.js';
import type { ConversationOwner } from '../../../src/stream/owner.js';
import { Registry } from '../../../src/stream/registry.js';
import { type Agreed, type ConversationSettings, termsOf } from '../../../src/stream/terms.js';
import { decodeServerBatch } from '../../../src/wire/decode-server.js';
import { encodeBatch } from '../../../src/wire/encode.js';
import { jane } from '../../support/ninelives-bench.js';

/** What was reported and told, by name. */
export type Noted = readonly [string, ...unknown[]];

export interface Side {
  readonly conversation: Conversation;
  readonly noted: Noted[];
  /** What it wrote, a list for each piece. */
  readonly wrote: (readonly OutboundData[])[];
}

export interface Pair {
  readonly host: VirtualHost;
  readonly up: Side;
  readonly down: Side;
  /** From now on nothing that is written arrives. */
  cut(): void;
}

/** What arrives of what was written: through the encoder and the decoder. */
export const arriving = (packets: readonly OutboundData[]): readonly InboundData[] => {
  const batch = decodeServerBatch(encodeBatch(packets));
  if (!batch.ok) throw new Error(batch.detail);
  return batch.frames as readonly InboundData[];
};

export const defaults: Omit<ConversationSettings, 'clock'> = {
  ownWindow: { messages: 16, size: 10_000 },
  buffer: { messages: 64, size: 40_000 },
  handlerTimeoutMs: 1_000,
};

export const defaultTerms: Agreed = {
  peerWindow: { messages: 16, size: 10_000 },
  messageSizeMax: 5_000,
  ackDelayMs: 25,
};

/** One side, over whatever takes what it writes. */
export const sideOf = (
  direction: 'up' | 'down',
  settings: ConversationSettings,
  write: (packets: readonly OutboundData[]) => void,
  terms: Partial<Agreed> = {},
  peerEnded: (side: Side) => void = () => undefined,
): Side => {
  const noted: Noted[] = [];
  const wrote: (readonly OutboundData[])[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void noted.push([name, ...args]);
  const owner: ConversationOwner = {
    direction,
    write: (packets) => {
      wrote.push(packets);
      write(packets);
    },
    peerEnded: () => {
      note('peerEnded')();
      peerEnded(side);
    },
    complete: note('complete'),
    violated: (what: Failure) => note('violated')(what.code),
    tooSlow: note('tooSlow'),
    full: note('full'),
    reports: {
      handedBack: note('handedBack'),
      unhandled: note('unhandled'),
      handlerFailed: note('handlerFailed'),
      handlerSlow: note('handlerSlow'),
      requestFailed: note('requestFailed'),
    },
  };
  const agreed = termsOf(settings, { ...defaultTerms, ...terms });
  const side: Side = {
    conversation: new Conversation(owner, new Registry(), agreed, { sessionId: 's', user: jane }),
    noted,
    wrote,
  };
  return side;
};

/** Two sides, each hearing the other a macrotask later. A side whose peer has ended says its own goodbye. */
export const pairOf = (settings: Partial<ConversationSettings> = {}, terms: Partial<Agreed> = {}, released = true): Pair => {
  const host = virtualHost({ seed: 1 });
  let isCut = false;
  const all = { ...defaults, clock: host.clock, ...settings };
  const to = (other: () => Side) => (packets: readonly OutboundData[]) => {
    const packetsThere = arriving(packets);
    host.clock.macrotask(() => {
      if (!isCut) other().conversation.received(packetsThere);
    });
  };
  const up: Side = sideOf(
    'up',
    all,
    to(() => down),
    terms,
    (side) => side.conversation.end(),
  );
  const down: Side = sideOf(
    'down',
    all,
    to(() => up),
    terms,
    (side) => side.conversation.end(),
  );
  if (released) for (const { conversation } of [up, down]) conversation.release();
  return {
    host,
    up,
    down,
    cut: () => {
      isCut = true;
    },
  };
};

export const namesIn = ({ noted }: Side): readonly string[] => noted.map(([name]) => name);
