import type { Ack, MessageItem, OutboundItem, OutboundPacket, StreamWindow } from './packets.js';
import { at, filter, firstIndex, lengthOf, push, type Queue, queueOf, remove, shift, take, toArray } from './queue.js';
import {
  type Draft,
  draftOf,
  type Entry,
  noEffects,
  type Shipped,
  type StreamEffect,
  type StreamState,
  type StreamStep,
  type Ticket,
  takesCredit,
  violated,
} from './state.js';

/** The end's own ticket: it is behind all that the app sends. */
const endTicket: Ticket = Number.MAX_SAFE_INTEGER;

/**
 * Accept what the app sends, or refuse it: the buffer has a bound, and after the end nothing is said. What it replaces leaves only where it is
 * accepted itself, and stays where it is shipped.
 */
export const send = (state: StreamState, entry: Entry, replaces?: Ticket): StreamStep => {
  if (!takesCredit(entry.item)) return answer(state, entry);
  if (state.ownEnd !== 'open') return [state, [refused(entry, 'NoActiveSessionError')]];
  const index = replaces === undefined ? -1 : queuedIndex(state, replaces);
  const former = at(state.queued, index);
  const held = more(former === undefined ? state.held : without(state.held, former), entry);
  if (isBeyond(held, state.limits.buffer)) return [state, [refused(entry, 'BufferFullError')]];
  const next = draftOf(state);
  next.held = held;
  next.queued = push(former === undefined ? state.queued : remove(state.queued, index), entry);
  if (entry.expiresAt !== undefined) next.nextExpiry = earlier(state.nextExpiry, entry.expiresAt);
  return [next, former === undefined ? noEffects : [{ type: 'dropped', entry: former, why: 'replaced' }]];
};

const earlier = (one: number | null, other: number): number => (one === null || other < one ? other : one);

/** Where it waits to be shipped; -1 where it does not. */
const queuedIndex = ({ queued }: StreamState, ticket: Ticket): number => {
  const index = firstIndex(queued, (entry) => entry.ticket >= ticket);
  return at(queued, index)?.ticket === ticket ? index : -1;
};

/** An answer is never held back: its room was reserved with its request. But a peer that leaves too many unacknowledged is given up. */
const answer = (state: StreamState, entry: Entry): StreamStep => {
  // After the own end it has no way to go, nor where the peer is given up: the asker learns of the end.
  const isInOrder = entry.item.kind === 'identity';
  if (state.ownEnd === 'shipped' || (isInOrder && state.ownEnd !== 'open') || state.peerTooSlow)
    return [state, [refused(entry, 'NoActiveSessionError')]];
  const heldAnswers = more(state.heldAnswers, entry);
  const next = draftOf(state);
  if (isBeyond(heldAnswers, state.limits.answers)) {
    next.peerTooSlow = true;
    return [next, [refused(entry, 'NoActiveSessionError'), { type: 'tooSlow' }]];
  }
  next.heldAnswers = heldAnswers;
  // What was sent before an identity was said to the former user: it passes none of it.
  if (isInOrder) next.queued = push(state.queued, entry);
  else next.prompt = push(state.prompt, entry);
  return [next, noEffects];
};

type Refused = Extract<StreamEffect, { type: 'refused' }>;

const refused = ({ ticket }: Entry, code: Refused['code']): Refused => ({ type: 'refused', ticket, code });
const more = ({ messages, size }: StreamWindow, entry: Entry): StreamWindow => ({ messages: messages + 1, size: size + entry.size });
const without = ({ messages, size }: StreamWindow, entry: Entry): StreamWindow => ({ messages: messages - 1, size: size - entry.size });
const isBeyond = ({ messages, size }: StreamWindow, bound: StreamWindow): boolean => messages > bound.messages || size > bound.size;

/** Take back what is not shipped. */
export const withdraw = (state: StreamState, ticket: Ticket): StreamStep => {
  const index = queuedIndex(state, ticket);
  const entry = at(state.queued, index);
  if (entry === undefined) return [state, noEffects];
  const next = draftOf(state);
  next.held = without(state.held, entry);
  next.queued = remove(state.queued, index);
  return [next, [{ type: 'withdrawn', entry }]];
};

const isLate = ({ expiresAt }: Entry, now: number): boolean => expiresAt !== undefined && expiresAt <= now;

/** Drop what was not shipped in its time, wherever it waits: its room is free, and its sender is told. */
export const expire = (state: StreamState, now: number): StreamStep => {
  const next = draftOf(state);
  const effects: StreamEffect[] = [];
  next.nextExpiry = null;
  next.queued = filter(state.queued, (entry) => {
    if (isLate(entry, now)) {
      next.held = without(next.held, entry);
      effects.push({ type: 'dropped', entry, why: 'expired' });
      return false;
    }
    if (entry.expiresAt !== undefined) next.nextExpiry = earlier(next.nextExpiry, entry.expiresAt);
    return true;
  });
  return [next, effects];
};

/** Say goodbye behind all that was sent before. Said twice, it is said once. */
export const end = (state: StreamState): StreamStep => {
  if (state.ownEnd !== 'open') return [state, noEffects];
  const next = draftOf(state);
  next.ownEnd = 'queued';
  next.queued = push(state.queued, { ticket: endTicket, item: { kind: 'end' }, size: 0 });
  return [next, noEffects];
};

/** The peer's word on how far it has come. */
export const acknowledged = (state: StreamState, ack: Ack): StreamStep => {
  if (ack.last !== state.received) return violated(state, `The peer has shipped up to ${ack.last}; up to ${state.received} arrived.`);
  if (ack.received > state.shipped || ack.done > ack.received) return violated(state, 'The peer acknowledges what was never shipped.');
  if (ack.received < state.peerReceived || ack.done < state.peerDone) return violated(state, 'The peer takes an acknowledgement back.');
  if (ack.seen > state.told.done) return violated(state, 'The peer has seen an acknowledgement that was never given.');
  if (ack.exceptions.some(({ number }) => number > ack.done)) return violated(state, 'An exception is not part of what is done.');

  const next = draftOf(state);
  next.exceptions = shift(
    state.exceptions,
    firstIndex(state.exceptions, ({ number }) => number > ack.seen),
  );
  letGoOfAnswers(next, ack.received);
  const effects: StreamEffect[] = [];
  confirmUpTo(next, ack.done, ack.exceptions, effects);
  return [next, effects];
};

/** The peer is done with everything up to here. */
export const confirmUpTo = (next: Draft, done: number, exceptions: Ack['exceptions'], effects: StreamEffect[]): void => {
  if (done === next.peerDone) return;
  // Exceptions are restated until their sender knows that they are known: the older ones were heard before.
  const news = exceptions.filter(({ number }) => number > next.peerDone);
  next.peerDone = done;
  if (news.length > 0) next.untoldSeen = true;
  // The own end is the last of the answers: it is kept until it is done, which it is as the last of all.
  if (done === next.shipped) next.answers = queueOf();
  const count = firstIndex(next.sent, ({ number }) => number > done);
  if (count === 0) return;
  const entries = take(next.sent, count);
  next.sent = shift(next.sent, count);
  const room = roomOf(entries);
  next.inFlight = less(next.inFlight, room);
  if (next.forgottenUpTo > 0) return confirmKnown(next, entries, news, effects);
  next.held = less(next.held, room);
  effects.push({ type: 'confirmed', entries, exceptions: news });
};

/** What is forgotten took the peer's window, and nothing of this side's. */
const confirmKnown = (next: Draft, entries: readonly Shipped[], exceptions: Ack['exceptions'], effects: StreamEffect[]): void => {
  if (next.peerDone >= next.forgottenUpTo) next.forgottenUpTo = 0;
  const known = entries.filter(({ entry }) => entry.item.kind !== 'skip');
  next.held = less(next.held, roomOf(known));
  effects.push({ type: 'confirmed', entries: known, exceptions });
};

/** [R30] Answers are let go of once they are received: what becomes of them is the asker's business. Not so the end, which a peer that lost its memory has to hear again. */
const letGoOfAnswers = (next: Draft, peerReceived: number): void => {
  next.peerReceived = peerReceived;
  const count = firstIndex(next.answers, ({ number, entry }) => number > peerReceived || entry.item.kind === 'end');
  if (count === 0) return;
  next.heldAnswers = less(next.heldAnswers, roomOf(take(next.answers, count)));
  next.answers = shift(next.answers, count);
};

/** The room that items take. The end takes none: it is no part of such a list. */
export const roomOf = (list: readonly Pick<Shipped, 'entry'>[]): StreamWindow => {
  let messages = 0;
  let size = 0;
  for (const { entry } of list) {
    messages += 1;
    size += entry.size;
  }
  return { messages, size };
};

const less = (from: StreamWindow, room: StreamWindow): StreamWindow => ({
  messages: from.messages - room.messages,
  size: from.size - room.size,
});

/** Ship all that may be shipped, in batches, and acknowledge what came. */
export const flush = (state: StreamState, ackNow: boolean, now = 0): StreamStep => {
  const next = draftOf(state);
  const effects: StreamEffect[] = [];
  for (;;) {
    const batch: OutboundPacket[] = [];
    fillBatch(next, now, batch, effects);
    const more = nextEntry(next) !== undefined;
    if (!more && hasNews(next)) {
      if (batch.length > 0 || ackNow) {
        batch.push(ackOf(next));
        next.told = { received: next.received, done: next.done };
        next.untoldSize = 0;
        next.untoldSeen = false;
        next.ackWaits = false;
      } else if (!next.ackWaits) {
        next.ackWaits = true;
        effects.push({ type: 'awaitAckDelay' });
      }
    }
    if (batch.length > 0) effects.push({ type: 'write', packets: batch });
    if (!more) break;
  }
  if (lengthOf(next.queued) === 0) next.nextExpiry = null;
  return [next, effects];
};

/** Is there something that the peer does not know? That its exceptions are known is news too, or a peer that only receives would keep them for ever. */
const hasNews = (state: StreamState): boolean =>
  !state.complete && (state.received > state.told.received || state.done > state.told.done || state.untoldSeen);

const ackOf = (state: StreamState): Ack => ({
  kind: 'ack',
  received: state.received,
  done: state.done,
  last: state.shipped,
  seen: state.peerDone,
  exceptions: take(
    state.exceptions,
    firstIndex(state.exceptions, ({ number }) => number > state.done),
  ),
});

/** From this many stalled links on, what is shipped again goes one by one: the next resume then tells which of it no link outlives. */
const isolateFrom = 2;

/** An item that the peer may know already, from a life that it has forgotten. */
const marked = (item: OutboundItem): OutboundItem =>
  item.kind === 'message' || item.kind === 'request' ? { ...item, options: { ...item.options, redelivered: true } } : item;

const fillBatch = (next: Draft, now: number, batch: OutboundPacket[], effects: StreamEffect[]): void => {
  const { batchSizeMax } = next.limits;
  const batchItemsMax = next.stalls >= isolateFrom && lengthOf(next.replay) > 0 ? 1 : next.limits.batchItemsMax;
  let { messages, size } = next.inFlight;
  let batchSize = 0;
  while (batch.length < batchItemsMax) {
    // What is shipped again comes before anything new, under the credit that it had. [R59]
    const replayed = at(next.replay, 0);
    const again = replayed?.entry;
    const entry = again ?? pick(next.queued, next.prompt, next.limits.peerWindow, messages, size);
    if (entry !== undefined && again === undefined && isLate(entry, now)) {
      next.queued = shift(next.queued, 1);
      next.held = without(next.held, entry);
      effects.push({ type: 'dropped', entry, why: 'expired' });
      continue;
    }
    if (entry === undefined || (batch.length > 0 && batchSize + entry.size > batchSizeMax)) break;
    if (again !== undefined) next.replay = shift(next.replay, 1);
    else if (entry === at(next.prompt, 0)) next.prompt = shift(next.prompt, 1);
    else next.queued = shift(next.queued, 1);
    next.shipped = replayed?.number ?? next.shipped + 1;
    const shipped = replayed ?? { number: next.shipped, entry };
    batchSize += entry.size;
    if (entry.item.kind === 'skip') {
      // Nothing of it is kept: another resume finds the same hole.
    } else if (takesCredit(entry.item)) {
      messages += 1;
      size += entry.size;
      next.sent = push(next.sent, shipped);
    } else next.answers = push(next.answers, shipped);
    if (entry.item.kind === 'end') next.ownEnd = 'shipped';
    if ((entry.item.kind === 'request' || entry.item.kind === 'signIn') && again === undefined)
      effects.push({ type: 'numbered', ticket: entry.ticket, number: next.shipped });
    const item = next.shipped <= next.redeliverUpTo ? marked(entry.item) : entry.item;
    batch.push(entry.expiresAt === undefined ? item : timed(item, entry.expiresAt - now));
  }
  next.inFlight = { messages, size };
};

/** What is left of its time travels with it, each time that it is shipped. What is shipped again too late keeps its number, and is not handled. */
const timed = (item: OutboundItem, leftMs: number): OutboundItem => {
  const ms = Math.max(0, Math.ceil(leftMs));
  if (item.kind === 'request') return { ...item, timeoutMs: ms };
  const message = item as MessageItem<string>;
  return { ...message, options: { ...message.options, ttlMs: ms } };
};

const nextEntry = (state: StreamState): Entry | undefined =>
  at(state.replay, 0)?.entry ?? pick(state.queued, state.prompt, state.limits.peerWindow, state.inFlight.messages, state.inFlight.size);

/** The next item to ship: in the order of sending, except that what needs no credit passes what has none. */
const pick = (queued: Queue<Entry>, prompt: Queue<Entry>, window: StreamWindow, messages: number, size: number): Entry | undefined => {
  const answer = at(prompt, 0);
  const head = at(queued, 0);
  if (head === undefined || !hasCredit(head, window, messages, size)) return answer;
  // The end's ticket is behind all others: answers that are ready go before it.
  return answer !== undefined && answer.ticket < head.ticket ? answer : head;
};

/** One item may always go where nothing is in flight: a window smaller than a message must not stop the stream for good. */
const hasCredit = (entry: Entry, window: StreamWindow, messages: number, size: number): boolean =>
  !takesCredit(entry.item) || messages === 0 || (messages < window.messages && size + entry.size <= window.size);

/** Everything the app sent that is not known as done, oldest first. */
export const unconfirmed = (state: StreamState): readonly Entry[] =>
  [...[...toArray(state.sent), ...toArray(state.replay)].map(({ entry }) => entry), ...toArray(state.queued)].filter(({ item }) =>
    takesCredit(item),
  );

export const unconfirmedCount = (state: StreamState): number => state.held.messages;
