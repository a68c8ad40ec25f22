/** What a turn's part of the journal has, and what a stream is that is made of it again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type JournalPart,
  journalSince,
  journalStart,
  lastTicketOf,
  markOf,
  restoredStream,
  storedPositionsOf,
} from '../../../machines/stream/journal.js';
import { toArray } from '../../../machines/stream/queue.js';
import type { Entry, StreamLimits } from '../../../machines/stream/state.js';
import { ackOf, assertConsistent, cancel, failure, limitsOf, message, reply, request, Side, written } from './rig.js';

const storing = suite('storing');

const partOf = (side: Side, mark = journalStart): JournalPart => ({ ...journalSince(side.state, mark), dropped: [] });

/** The stream in its next process: all that was written is one part, unless parts are given. */
const restored = (side: Side, parts: readonly JournalPart[] = [partOf(side)], narrowed: Partial<StreamLimits> = {}): Side => {
  const next = new Side(narrowed);
  next.state = restoredStream(limitsOf(narrowed), storedPositionsOf(side.state, 9), parts);
  assertConsistent(next.state);
  return next;
};

const expiring = (ticket: number, expiresAt: number): Entry => ({ ...message(ticket), expiresAt });

storing('a part has what was accepted, each with its item and size, and its time where it has one', () => {
  const side = new Side();
  const entries = [message(1, 12), { ...message(2), expiresAt: 700 }, reply(3), failure(4)];
  side.send(...entries);
  assert.equal(partOf(side), { entries, numbers: [], dropped: [] });
  assert.not.ok('expiresAt' in (partOf(side).entries[0] ?? {}));
});

storing('a request is no part of it, nor is what it takes back, under a number or without: nobody would hear the answer', () => {
  const side = new Side();
  side.send(request(1), cancel(2));
  assert.equal(partOf(side), { entries: [], numbers: [], dropped: [] });
  side.flush();
  assert.equal(partOf(side), { entries: [], numbers: [], dropped: [] });
});

storing('numbers that follow each other, given to tickets that do, are one run', () => {
  const side = new Side();
  side.send(message(1), message(2), message(3));
  side.flush();
  assert.equal(partOf(side).numbers, [[1, 1, 3]]);
});

storing('a ticket that is left out begins another run', () => {
  const side = new Side();
  side.send(message(1), message(2), message(3), message(4));
  side.withdraw(2);
  side.flush();
  assert.equal(partOf(side).numbers, [
    [1, 1, 1],
    [2, 3, 2],
  ]);
});

storing('a number that is left out begins another run: a reply passed the message that was sent before it', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), message(2), reply(3));
  side.flush();
  side.arrive(ackOf({ received: 1, done: 1 }));
  side.flush();
  assert.equal(partOf(side).numbers, [
    [3, 2, 1],
    [2, 3, 1],
  ]);
});

storing('the next part has what came since, and nothing twice', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  const mark = markOf(side.state, 1);
  assert.equal(partOf(side, mark), { entries: [], numbers: [], dropped: [] });
  side.send(message(2));
  assert.equal(partOf(side, mark), { entries: [message(2)], numbers: [], dropped: [] });
  const later = markOf(side.state, 2);
  side.flush();
  assert.equal(partOf(side, later), { entries: [], numbers: [[2, 2, 1]], dropped: [] });
});

storing('a part is over with the last ticket that it tells of, as an entry, by a number or as taken back', () => {
  const nothing = { entries: [], numbers: [], dropped: [] };
  assert.is(lastTicketOf(nothing), 0);
  assert.is(lastTicketOf({ ...nothing, entries: [message(4), reply(2)] as JournalPart['entries'] }), 4);
  assert.is(
    lastTicketOf({
      ...nothing,
      numbers: [
        [1, 5, 3],
        [4, 2, 1],
      ],
    }),
    7,
  );
  assert.is(lastTicketOf({ ...nothing, dropped: [6, 3] }), 6);
});

storing('the oldest ticket is the first one that is not over, wherever it is; where none is, everything is over', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  const oldest = (): number => storedPositionsOf(side.state, 0).oldest;
  assert.is(oldest(), Number.MAX_SAFE_INTEGER);
  side.send(message(1), message(2), reply(3));
  assert.is(oldest(), 1);
  side.flush();
  assert.is(oldest(), 1);
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.is(oldest(), 2);
  side.withdraw(2);
  assert.is(oldest(), 3);
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.is(oldest(), Number.MAX_SAFE_INTEGER);
});

storing('a number that is to be skipped keeps no part of the journal', () => {
  const side = new Side();
  side.send(request(1), message(2));
  side.flush();
  const next = restored(side);
  assert.equal(
    toArray(next.state.replay).map(({ entry }) => entry.item.kind),
    ['skip', 'message'],
  );
  assert.is(storedPositionsOf(next.state, 2).oldest, 2);
});

storing('what was shipped goes again in the order of its numbers, messages and answers mixed', () => {
  const side = new Side();
  side.send(reply(1), message(2), failure(3), message(4));
  side.flush();
  const next = restored(side);
  assert.equal(
    toArray(next.state.replay).map(({ number, entry }) => [number, entry.item.kind]),
    [
      [1, 'reply'],
      [2, 'message'],
      [3, 'failure'],
      [4, 'message'],
    ],
  );
});

storing('what waited goes in the order in which it was sent, from however many parts', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), reply(2), message(3));
  const first = partOf(side);
  const mark = markOf(side.state, 3);
  side.send(reply(4), message(5));
  const next = restored(side, [first, partOf(side, mark)]);
  assert.equal(
    [toArray(next.state.queued), toArray(next.state.prompt)].map((entries) => entries.map(({ ticket }) => ticket)),
    [
      [1, 3, 5],
      [2, 4],
    ],
  );
});

storing('an answer that was let go of is not there again, though its part is: its number is skipped', () => {
  const side = new Side();
  side.send(reply(1), message(2));
  side.flush();
  const part = partOf(side);
  side.arrive(ackOf({ received: 1, done: 0 }));
  const next = restored(side, [part]);
  assert.equal(
    toArray(next.state.replay).map(({ entry }) => entry.item.kind),
    ['skip', 'message'],
  );
});

storing('what is done is not shipped again, though something that was sent before it still waits', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), message(2), reply(3), reply(4));
  side.flush();
  const part = partOf(side);
  side.arrive(ackOf({ received: 3, done: 2 }));
  side.arrive(ackOf({ received: 3, done: 3 }));
  const next = restored(side, [part]);
  assert.equal([toArray(next.state.replay), toArray(next.state.queued).map(({ ticket }) => ticket)], [[], [2]]);
  assert.is(next.state.heldAnswers.messages, 0);
});

storing('a goodbye that was shipped is shipped again, and takes no room of anything', () => {
  const side = new Side();
  side.send(message(1));
  side.end();
  side.flush();
  const next = restored(side);
  assert.equal(next.state.heldAnswers, { messages: 0, size: 0 });
  assert.equal(written(next.flush()), [['message', 'end']]);
});

storing('the first time at which something that waits expires is known again, and none where nothing does', () => {
  const side = new Side();
  side.send(message(1));
  assert.is(restored(side).state.nextExpiry, null);
  side.send(expiring(2, 500), expiring(3, 300), expiring(4, 400), message(5));
  assert.is(restored(side).state.nextExpiry, 300);
});

storing('what an earlier process shipped and nobody knows of takes the window of a peer that has it', () => {
  const one = { peerWindow: { messages: 1, size: 100 } };
  const side = new Side(one);
  side.send(request(1));
  side.flush();
  const next = restored(side, [partOf(side)], one);
  const peer = { received: 1, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  next.do({ type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false });
  next.send(message(10));
  assert.equal(next.flush(), [], 'it may be what fills the window');
  assert.equal(next.arrive(ackOf({ received: 1, done: 1 })), [{ type: 'confirmed', entries: [], exceptions: [] }]);
  assert.equal(written(next.flush()), [['message']]);
});

storing('what is confirmed of it is what is known of it, and once all of it is done nothing is forgotten any more', () => {
  const side = new Side();
  side.send(request(1), message(2), request(3));
  side.flush();
  const next = restored(side);
  const peer = { received: 3, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  next.do({ type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false });
  assert.equal(next.arrive(ackOf({ received: 3, done: 2, exceptions: [{ number: 1, outcome: 'failed' }] })), [
    { type: 'confirmed', entries: [{ number: 2, entry: message(2) }], exceptions: [{ number: 1, outcome: 'failed' }] },
  ]);
  assert.is(next.state.forgottenUpTo, 3);
  next.arrive(ackOf({ received: 3, done: 3 }));
  assert.is(next.state.forgottenUpTo, 0);
});

storing.run();
