/** Every interleaving of two small apps, their handlers, flushes, delays and a link that keeps order: one world is a value, a step gives another. */
import { createHash } from 'node:crypto';
import type { InboundPacket, OutboundItem, OutboundPacket } from '../../../machines/stream/packets.js';
import { toArray } from '../../../machines/stream/queue.js';
import { initialStream, type StreamEffect, type StreamInput, type StreamLimits, type StreamState } from '../../../machines/stream/state.js';
import { reduceStream } from '../../../machines/stream/stream.js';
import { assertConsistent } from './rig.js';

export type Name = 'a' | 'b';

/** What an app does before its end, in this order. When it ends, the rest is left undone. */
export type Script = readonly ('message' | 'request')[];

export interface Half {
  readonly state: StreamState;
  readonly script: Script;
  readonly tickets: number;
  /** Delivered and not settled, messages and requests alike. */
  readonly waiting: readonly { readonly number: number; readonly isRequest: boolean }[];
  /** Requests that are started and not answered. */
  readonly asked: readonly number[];
  readonly ackAwaited: boolean;
  readonly told: readonly ('peerEnded' | 'complete')[];
  /** Written, and not arrived at the other side. */
  readonly outgoing: readonly (readonly OutboundPacket[])[];
}

export type World = Readonly<Record<Name, Half>>;

const inbound = (packet: OutboundPacket): InboundPacket => {
  if (packet.kind === 'ack') return packet;
  return packet.kind === 'signIn' ? { kind: 'signIn', ...packet.credential(), size: 1 } : { ...packet, size: 1 };
};

const withEffect = (half: Half, effect: StreamEffect): Half => {
  switch (effect.type) {
    case 'write':
      if (half.told.includes('complete')) throw new Error('something is said after the stream is complete');
      return { ...half, outgoing: [...half.outgoing, effect.packets] };
    case 'deliver':
      return effect.item.kind === 'message' || effect.item.kind === 'request'
        ? { ...half, waiting: [...half.waiting, { number: effect.number, isRequest: effect.item.kind === 'request' }] }
        : half;
    case 'awaitAckDelay':
      return { ...half, ackAwaited: true };
    case 'peerEnded':
    case 'complete':
      return { ...half, told: [...half.told, effect.type] };
    case 'violated':
      throw new Error(effect.failure.message);
    case 'tooSlow':
      throw new Error('an honest peer is too slow');
    case 'confirmed':
    case 'numbered':
    case 'refused':
    case 'withdrawn':
    case 'handedBack':
    case 'dropped':
      return half;
  }
};

const put = (half: Half, ...inputs: readonly StreamInput[]): Half => {
  let reached = half;
  for (const input of inputs) {
    const [state, effects] = reduceStream(reached.state, input);
    reached = effects.reduce(withEffect, { ...reached, state });
  }
  return reached;
};

const send = (half: Half, item: OutboundItem): Half =>
  put({ ...half, tickets: half.tickets + 1 }, { type: 'send', entry: { ticket: half.tickets + 1, item, size: 1 } });

const steps = (half: Half): readonly Half[] => {
  const [next, ...script] = half.script;
  const [waiting, ...stillWaiting] = half.waiting;
  const [asked, ...stillAsked] = half.asked;
  const item: OutboundItem =
    next === 'request' ? { kind: 'request', type: 'q', payload: '0', timeoutMs: 1 } : { kind: 'message', type: 'm', payload: '0' };
  return [
    ...(next !== undefined && half.state.ownEnd === 'open' ? [send({ ...half, script }, item)] : []),
    ...(waiting === undefined
      ? []
      : [
          put(
            { ...half, waiting: stillWaiting, asked: waiting.isRequest ? [...half.asked, waiting.number] : half.asked },
            { type: 'settled', number: waiting.number, outcome: waiting.isRequest ? 'handled' : 'failed' },
          ),
        ]),
    ...(asked === undefined ? [] : [send({ ...half, asked: stillAsked }, { kind: 'reply', to: asked, payload: '0' })]),
    ...(half.ackAwaited ? [put({ ...half, ackAwaited: false }, { type: 'ackDue' })] : []),
    put({ ...half, script: [] }, { type: 'end' }),
    put(half, { type: 'flush' }),
  ];
};

const transferred = (from: Half, to: Half): readonly [Half, Half] | null => {
  const [batch, ...outgoing] = from.outgoing;
  if (batch === undefined) return null;
  return [{ ...from, outgoing }, put(to, ...batch.map((packet): StreamInput => ({ type: 'arrived', packet: inbound(packet) })))];
};

const stepsOf = (world: World): readonly World[] => {
  const down = transferred(world.a, world.b);
  const up = transferred(world.b, world.a);
  return [
    ...steps(world.a).map((a) => ({ ...world, a })),
    ...steps(world.b).map((b) => ({ ...world, b })),
    ...(down === null ? [] : [{ a: down[0], b: down[1] }]),
    ...(up === null ? [] : [{ a: up[1], b: up[0] }]),
  ];
};

/** All that can be seen of a half, as cheaply as can be: this runs once for each step. */
const seenOf = ({
  state: { limits, queued, prompt, sent, answers, open, gaps, exceptions, ...state },
  ...half
}: Half): readonly unknown[] => [
  half,
  state,
  ...[queued, prompt, sent, answers, open, gaps, exceptions].map((queue) => toArray<unknown>(queue)),
];

const keyOf = ({ a, b }: World): string =>
  createHash('md5')
    .update(JSON.stringify([seenOf(a), seenOf(b)]))
    .digest('base64');

export interface Explored {
  readonly worlds: number;
  /** Where nothing can happen any more. */
  readonly ends: readonly World[];
}

/** All worlds that can come of two scripts. Throws where a rule is broken, and where worlds lead back to themselves: that would be chatter without end. */
export const explore = (scripts: Readonly<Record<Name, Script>>, limits: StreamLimits): Explored => {
  const half = (script: Script): Half => ({
    state: initialStream(limits),
    script,
    tickets: 0,
    waiting: [],
    asked: [],
    ackAwaited: false,
    told: [],
    outgoing: [],
  });
  const start: World = { a: half(scripts.a), b: half(scripts.b) };
  const startKey = keyOf(start);
  const ends: World[] = [];
  const seen = new Set([startKey]);
  const onPath = new Set([startKey]);
  const path: { readonly key: string; readonly next: [string, World][] }[] = [];
  const enter = (key: string, world: World): void => {
    assertConsistent(world.a.state);
    assertConsistent(world.b.state);
    const next = stepsOf(world)
      .map((to): [string, World] => [keyOf(to), to])
      .filter(([to]) => to !== key);
    if (next.length === 0) ends.push(world);
    path.push({ key, next });
  };
  enter(startKey, start);
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    const step = last.next.pop();
    if (step === undefined) {
      onPath.delete(last.key);
      path.pop();
      continue;
    }
    const [key, world] = step;
    if (onPath.has(key)) throw new Error('worlds lead back to themselves');
    if (seen.has(key)) continue;
    seen.add(key);
    onPath.add(key);
    enter(key, world);
  }
  return { worlds: seen.size, ends };
};
