/** One side of a stream under test. Every step of every test is checked for purity, and its state against a recount. */
import * as assert from 'uvu/assert';
import type { Ack, InboundPacket, Outcome } from '../../../machines/stream/packets.js';
import { at, lengthOf, type Queue, toArray } from '../../../machines/stream/queue.js';
import {
  asValue,
  type Entry,
  initialStream,
  inPlace,
  type Shipped,
  type StreamEffect,
  type StreamInput,
  type StreamLimits,
  type StreamState,
  type StreamStep,
  takesCredit,
} from '../../../machines/stream/state.js';
import { reduceStream } from '../../../machines/stream/stream.js';

/** Room for everything: a test narrows what it is about. */
export const limitsOf = (narrowed: Partial<StreamLimits> = {}): StreamLimits => ({
  peerWindow: { messages: 100, size: 10_000 },
  ownWindow: { messages: 100, size: 10_000 },
  openSizeMax: 20_000,
  buffer: { messages: 100, size: 10_000 },
  answers: { messages: 1_000, size: 100_000 },
  exceptionsMax: 1_000,
  batchItemsMax: 50,
  batchSizeMax: 5_000,
  ...narrowed,
});

/** A JSON text of a given length. */
const text = (size: number): string => JSON.stringify('x'.repeat(size - 2));

export const message = (ticket: number, size = 10): Entry => ({
  ticket,
  item: { kind: 'message', type: 'chat', payload: text(size) },
  size,
});
export const request = (ticket: number, size = 10): Entry => ({
  ticket,
  item: { kind: 'request', type: 'price', payload: text(size), timeoutMs: 1_000 },
  size,
});
export const reply = (ticket: number, to = 1, size = 10): Entry => ({ ticket, item: { kind: 'reply', to, payload: text(size) }, size });
export const failure = (ticket: number, to = 1): Entry => ({
  ticket,
  item: { kind: 'failure', to, code: 'RequestFailedError', message: '' },
  size: 0,
});
export const cancel = (ticket: number, to = 1): Entry => ({ ticket, item: { kind: 'cancel', to }, size: 0 });

export const aMessage = { kind: 'message', type: 'chat', payload: null, size: 10 } as const;
export const aRequest = { kind: 'request', type: 'price', payload: null, timeoutMs: 1_000, size: 10 } as const;
export const aReply = { kind: 'reply', to: 1, payload: null, size: 10 } as const;
export const anEnd = { kind: 'end', size: 0 } as const;

/** An acknowledgement from a peer that shipped nothing and heard nothing, but for what is given. */
export const ackOf = (told: Partial<Ack> = {}): Ack => ({ kind: 'ack', received: 0, done: 0, last: 0, seen: 0, exceptions: [], ...told });

const isQueue = (value: object): value is Queue<unknown> => 'items' in value && 'start' in value && 'end' in value;

/** Frozen all through, but for the arrays that queues share: those grow behind every part that was ever seen. */
export const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null) return value;
  if (isQueue(value)) {
    Object.freeze(value);
    toArray(value).forEach(freeze);
  } else if (!Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
};

/** All that can be seen of a value: a queue is what is in it. */
export const observe = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'object' && part !== null && isQueue(part) ? toArray(part) : part));

/** One step, which must leave what it was given as it was; and the same step in place, which must come to the same. */
export const pureStep = (state: StreamState, input: StreamInput): StreamStep => {
  const before = observe(state);
  const step = freeze(reduceStream(freeze(state), freeze(input)));
  const [held, effects] = reduceStream(inPlace(state), input);
  assert.is(observe([asValue(held), effects]), observe(step), 'a step in place comes to the same');
  assert.is(observe(state), before, 'the input state is never changed');
  return step;
};

const sum = (values: readonly { readonly size: number }[]) => ({
  messages: values.length,
  size: values.reduce((total, { size }) => total + size, 0),
});

const takesRoom = ({ item }: Entry): boolean => takesCredit(item);

/** What was shipped is kept under its number, in order, and no longer than it must be. */
const assertNumbers = (queue: Queue<Shipped>, after: number, upTo: number): void => {
  const numbers = toArray(queue).map(({ number }) => number);
  assert.ok(
    numbers.every((number, index) => number > (numbers[index - 1] ?? after)),
    'numbers ascend, behind what is over',
  );
  assert.ok((numbers.at(-1) ?? upTo) <= upTo, 'no number is past the last');
};

/** What the state says by counters must be what its queues hold. */
export const assertConsistent = (state: StreamState): void => {
  const inFlight = toArray(state.sent);
  /** What an earlier process shipped and nobody knows of: it takes room at the peer, and none here. */
  const isForgotten = ({ item }: Entry): boolean => item.kind === 'skip';
  const sent = inFlight.map(({ entry }) => entry).filter((entry) => !isForgotten(entry));
  const answers = toArray(state.answers).map(({ entry }) => entry);
  const isKeptEnd = ({ entry: { item } }: Shipped): boolean => item.kind === 'end';
  const isEnd = ({ item }: Entry): boolean => item.kind === 'end';
  const isIdentity = ({ item }: Entry): boolean => item.kind === 'identity';
  const identities = toArray(state.queued).filter(isIdentity);
  const queued = toArray(state.queued).filter((entry) => !isEnd(entry) && !isIdentity(entry));
  const replay = toArray(state.replay).map(({ entry }) => entry);
  assert.equal(state.held, sum([...sent, ...replay.filter(takesRoom), ...queued]), 'held');
  assert.equal(state.inFlight, sum(inFlight.map(({ entry }) => entry)), 'inFlight');
  assert.ok(
    inFlight.every(({ number, entry }) => !isForgotten(entry) || number <= state.forgottenUpTo),
    'only what an earlier process shipped is forgotten',
  );
  assert.equal(
    state.heldAnswers,
    sum([
      ...[...answers, ...replay].filter((entry) => !isEnd(entry) && entry.item.kind !== 'skip' && !takesRoom(entry)),
      ...toArray(state.prompt),
      ...identities,
    ]),
    'heldAnswers',
  );
  const times = queued.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt]));
  assert.ok(
    times.every((time) => state.nextExpiry !== null && state.nextExpiry <= time),
    'nothing expires before the next look',
  );
  assert.equal(state.taken, sum(toArray(state.open)), 'taken');
  assert.ok([...sent, ...queued].every(takesRoom) && !answers.some(takesRoom), 'each kind is in its place');
  assertNumbers(state.sent, state.peerDone, state.shipped);
  // The end is kept until it is done: a peer that forgets what it received hears it again.
  const letGo = toArray(state.answers).some(isKeptEnd) ? state.peerDone : state.peerReceived;
  assertNumbers(state.answers, letGo, state.shipped);
  let before = state.shipped;
  for (const { number, entry } of toArray(state.replay)) {
    assert.is(number, before + (entry.item.kind === 'skip' ? entry.item.count : 1), 'what is shipped again follows what was');
    before = number;
  }
  assert.ok(state.peerDone <= state.peerReceived && state.peerReceived <= state.shipped, 'the peer acknowledged what was shipped');
  assert.ok(state.done <= state.reached && state.reached <= state.received, 'done, reached and received ascend');
  assert.ok(state.told.received <= state.received && state.told.done <= state.done, 'no more is told than is so');
  assert.ok(
    toArray(state.prompt).every(({ item }) => !takesCredit(item)),
    'prompt items take no credit',
  );

  const open = toArray(state.open).map(({ number }) => number);
  assert.equal(
    open,
    [...new Set(open)].sort((a, b) => a - b),
    'open ascends',
  );
  assert.ok(
    open.every((number) => number > state.done && number <= state.received),
    'open is what is not done',
  );
  const gaps = toArray(state.gaps);
  assert.is(gaps.length === 0, state.done === state.reached, 'a gap where and only where done falls short of what was reached');
  for (const [index, { from, to }] of gaps.entries()) {
    assert.ok(Math.max(from, state.done + 1) <= to && to < state.reached, 'a gap is not empty, and ends before what was reached');
    assert.ok(from > (gaps[index - 1]?.to ?? -1) + 1, 'gaps are apart');
  }
  const exceptions = toArray(state.exceptions).map(({ number }) => number);
  assert.equal(
    exceptions,
    [...new Set(exceptions)].sort((a, b) => a - b),
    'exceptions ascend',
  );

  const { buffer, answers: answersMax, exceptionsMax, peerWindow } = state.limits;
  assert.ok(state.held.messages <= buffer.messages && state.held.size <= buffer.size, 'the buffer is kept');
  assert.ok(state.heldAnswers.messages <= answersMax.messages && state.heldAnswers.size <= answersMax.size, 'no more answers than may be');
  assert.ok(exceptions.length <= exceptionsMax, 'no more exceptions than may be');
  const { messages, size } = sum(sent);
  const isWithin = messages <= peerWindow.messages && size <= peerWindow.size;
  assert.ok(messages === 1 || isWithin, "the peer's window is kept");
};

type Of<T extends StreamEffect['type']> = Extract<StreamEffect, { type: T }>;

/** One side. Each method is one input and gives its effects. */
export class Side {
  state: StreamState;
  now = 0;

  constructor(narrowed: Partial<StreamLimits> = {}) {
    this.state = initialStream(limitsOf(narrowed));
  }

  do(input: StreamInput): readonly StreamEffect[] {
    const [state, effects] = pureStep(this.state, input);
    assertConsistent(state);
    this.state = state;
    return effects;
  }

  send(...entries: readonly Entry[]): readonly StreamEffect[] {
    return entries.flatMap((entry) => this.do({ type: 'send', entry }));
  }

  arrive(...packets: readonly InboundPacket[]): readonly StreamEffect[] {
    return packets.flatMap((packet) => this.do({ type: 'arrived', packet }));
  }

  settle(number: number, outcome: Outcome = 'handled'): readonly StreamEffect[] {
    return this.do({ type: 'settled', number, outcome });
  }

  withdraw(ticket: number): readonly StreamEffect[] {
    return this.do({ type: 'withdraw', ticket });
  }

  end(): readonly StreamEffect[] {
    return this.do({ type: 'end' });
  }

  flush(): readonly StreamEffect[] {
    return this.do({ type: 'flush', now: this.now });
  }

  ackDue(): readonly StreamEffect[] {
    return this.do({ type: 'ackDue', now: this.now });
  }
}

/** The effects of one kind. */
export const only = <T extends StreamEffect['type']>(effects: readonly StreamEffect[], type: T): readonly Of<T>[] =>
  effects.filter((effect): effect is Of<T> => effect.type === type);

export const types = (effects: readonly StreamEffect[]): readonly string[] => effects.map(({ type }) => type);

/** What was written, batch by batch, as the kinds of its packets. */
export const written = (effects: readonly StreamEffect[]): readonly (readonly string[])[] =>
  only(effects, 'write').map(({ packets }) => packets.map(({ kind }) => kind));

/** The sizes of the written items, batch by batch. */
export const writtenSizes = (effects: readonly StreamEffect[]): readonly (readonly number[])[] =>
  only(effects, 'write').map(({ packets }) => packets.map((packet) => ('payload' in packet ? packet.payload.length : 0)));

/** The one acknowledgement in what was written. */
export const ackIn = (effects: readonly StreamEffect[]): Ack => {
  const acks = only(effects, 'write')
    .flatMap(({ packets }) => packets)
    .filter((packet): packet is Ack => packet.kind === 'ack');
  assert.is(acks.length, 1, 'one acknowledgement is written');
  return acks[0] as Ack;
};

/** The front of a queue, which must not be empty. */
export const first = <T>(queue: Queue<T>): T => {
  assert.ok(lengthOf(queue) > 0);
  return at(queue, 0) as T;
};
