/** What is written of a stream turn by turn: as much as is of use, and never less, whatever fails on the way. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type JournalPart,
  journalSince,
  journalStart,
  restoredStream,
  type StoredPositions,
  storedPositionsOf,
} from '../../../machines/stream/journal.js';
import { type Entry, initialStream, type StreamInput, type StreamState } from '../../../machines/stream/state.js';
import { reduceStream } from '../../../machines/stream/stream.js';
import { type JournalTurn, StreamJournal, shiftedBy } from '../../../src/stream/journal.js';
import { ackOf, limitsOf, message, observe, pureStep, reply } from '../../machines/stream/rig.js';

const test = suite('the journal of a session');

const roomy = { messages: 1_000, size: 10_000_000 };
const limits = limitsOf({ buffer: roomy, answers: roomy, peerWindow: roomy });

/** A stream whose turns are written, or not, as a test says. */
class Written {
  state: StreamState = initialStream(limits);
  tickets = 0;
  journal = new StreamJournal();
  /** The store. */
  parts = new Map<number, JournalPart>();
  positions: StoredPositions = storedPositionsOf(this.state, 0);
  /** What the store would have to restore. */
  whole: StreamState = this.state;
  writtenSize = 0;
  /** The last number that may have reached the other side. */
  left = 0;
  /** How far the other side is, which outlives this one. */
  peerReceived = 0;
  readonly #step: typeof pureStep;

  constructor(step = pureStep) {
    this.#step = step;
  }

  input(input: StreamInput): void {
    if (input.type === 'arrived' && input.packet.kind === 'ack') this.peerReceived = Math.max(this.peerReceived, input.packet.received);
    const [state, effects] = this.#step(this.state, input);
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'withdrawn' || effect.type === 'dropped') this.journal.drop(effect.entry.ticket);
      if (effect.type === 'handedBack') this.journal.drop(effect.shipped.entry.ticket);
    }
  }

  send(make: (ticket: number) => Entry): number {
    this.tickets += 1;
    this.input({ type: 'send', entry: make(this.tickets) });
    return this.tickets;
  }

  /** `lost`: it is written, and nobody hears so. */
  write(how: 'written' | 'failed' | 'lost' = 'written'): JournalTurn {
    const turn = this.journal.turn(this.state, this.tickets);
    if (how !== 'failed') this.#commit(turn);
    if (how === 'written') this.journal.written(turn);
    // Nothing leaves that is not known to be written.
    if (how === 'written') this.left = turn.positions.shipped;
    return turn;
  }

  #commit({ positions, part, dropBefore }: JournalTurn): void {
    for (const number of this.parts.keys()) if (number < dropBefore) this.parts.delete(number);
    if (part !== null) this.parts.set(part.number, part.body);
    if (part !== null) this.writtenSize += JSON.stringify(part.body).length;
    this.positions = positions;
    this.whole = restoredStream(limits, positions, [{ ...journalSince(this.state, journalStart), dropped: [] }]);
  }

  /** On the next link, which the other side comes to with what it has. */
  #resumed(state: StreamState): StreamState {
    const peer = { received: this.peerReceived, done: state.peerDone, seen: 0, last: state.received, exceptions: [], incarnation: 1 };
    return pureStep(state, { type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false })[0];
  }

  assertRestorable(): void {
    assert.is(observe(this.#resumed(this.restored)), observe(this.#resumed(this.whole)));
  }

  get restored(): StreamState {
    return restoredStream(
      limits,
      this.positions,
      [...this.parts].sort(([a], [b]) => a - b).map(([, part]) => part),
    );
  }

  /** Another process takes it up. */
  restart(): void {
    this.state = this.restored;
    this.tickets = this.positions.ticket;
    this.journal = new StreamJournal([...this.parts].sort(([a], [b]) => a - b));
    this.journal.restored(this.state, this.tickets);
    this.state = this.#resumed(this.state);
  }

  get storedSize(): number {
    return [...this.parts.values()].reduce((sum, part) => sum + JSON.stringify(part).length, 0);
  }
}

const flush: StreamInput = { type: 'flush' };

const act = fc.oneof(
  { weight: 4, arbitrary: fc.constant('message' as const) },
  { weight: 3, arbitrary: fc.constant('reply' as const) },
  { weight: 1, arbitrary: fc.constant('withdraw' as const) },
  { weight: 1, arbitrary: fc.constant('replace' as const) },
  { weight: 4, arbitrary: fc.constant('flush' as const) },
  { weight: 4, arbitrary: fc.constant('received' as const) },
  { weight: 2, arbitrary: fc.constant('done' as const) },
  { weight: 1, arbitrary: fc.constant('resume' as const) },
  { weight: 4, arbitrary: fc.constant('written' as const) },
  { weight: 1, arbitrary: fc.constant('failed' as const) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

test('what is restored is what one writing of everything would have given, whatever was written, failed, or was written unheard', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ act, some: fc.nat() }), { maxLength: 120, size: 'max' }), (steps) => {
      const stream = new Written();
      for (const { act: what, some } of steps) {
        const { state } = stream;
        // Sizes are told and not measured: so few of them make the journal be written anew.
        const size = 1 + (some % 40_000);
        if (what === 'message') stream.send((ticket) => ({ ...message(ticket), size }));
        else if (what === 'reply') stream.send((ticket) => ({ ...reply(ticket), size }));
        else if (what === 'withdraw') stream.input({ type: 'withdraw', ticket: 1 + (some % (stream.tickets + 1)) });
        else if (what === 'replace') {
          const replaces = 1 + (some % (stream.tickets + 1));
          stream.tickets += 1;
          stream.input({ type: 'send', entry: message(stream.tickets), replaces });
        } else if (what === 'flush') stream.input(flush);
        else if (what === 'received' || what === 'done') {
          const shipped = Math.min(state.shipped, stream.left);
          const received = state.peerReceived + (some % (Math.max(0, shipped - state.peerReceived) + 1));
          const done = what === 'done' ? Math.max(state.peerDone, Math.min(received, state.peerDone + 1 + (some % 3))) : state.peerDone;
          if (received >= state.peerReceived && done <= received) stream.input({ type: 'arrived', packet: ackOf({ received, done }) });
        } else if (what === 'resume') {
          const peer = { received: stream.peerReceived, done: state.peerDone, seen: 0, last: 0, exceptions: [], incarnation: 1 };
          stream.input({ type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false });
        } else if (what === 'restart') stream.restart();
        else stream.write(what);
        stream.assertRestorable();
      }
    }),
    { numRuns: 150, includeErrorInReport: true, interruptAfterTimeLimit: 30_000 },
  );
});

test('behind one message that is not confirmed, a hundred thousand answers pass: what is kept stays small, and is written once more at most', () => {
  const stream = new Written(reduceStream);
  stream.send(message);
  stream.input(flush);
  stream.write();
  let largest = 0;
  let given = 0;
  for (let round = 0; round < 1_000; round += 1) {
    for (let one = 0; one < 100; one += 1) given += stream.send((ticket) => reply(ticket)) > 0 ? 10 : 0;
    stream.input(flush);
    stream.write();
    stream.input({ type: 'arrived', packet: ackOf({ received: stream.state.shipped }) });
    largest = Math.max(largest, stream.storedSize);
  }
  assert.ok(largest < 250_000, `${largest} at most`);
  assert.ok(stream.writtenSize < 1_000 * 100 * 200, `${stream.writtenSize} for ${given}`);
  stream.assertRestorable();
});

test('what is replaced again and again before it is shipped does not pile up', () => {
  const stream = new Written(reduceStream);
  let last = stream.send(message);
  let largest = 0;
  for (let round = 0; round < 5_000; round += 1) {
    stream.tickets += 1;
    stream.input({ type: 'send', entry: message(stream.tickets), replaces: last });
    last = stream.tickets;
    stream.write();
    largest = Math.max(largest, stream.parts.size);
  }
  assert.ok(largest < 1_500, `${largest} parts`);
  assert.is(stream.restored.held.messages, 1);
});

test('a message that was handed back, as no link outlived it, is not there again after a restart', () => {
  const stream = new Written();
  stream.send(message);
  stream.send(message);
  stream.input(flush);
  stream.write();
  const peer = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  for (let link = 0; link < 6; link += 1) {
    stream.input({ type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false });
    stream.input(flush);
  }
  assert.is(stream.state.held.messages, 1);
  stream.write();
  assert.is(stream.restored.held.messages, 1);
  stream.assertRestorable();
});

test('a turn that added nothing writes no part, and tells where the stream stands', () => {
  const stream = new Written();
  stream.input({ type: 'arrived', packet: { kind: 'message', type: 'chat', payload: null, size: 1 } });
  stream.input({ type: 'settled', number: 1, outcome: 'handled' });
  const { part, positions } = stream.write();
  assert.equal([part, positions.done], [null, 1]);
});

test('times of one clock become those of another, and what has none is given back as it is', () => {
  const part: JournalPart = { entries: [{ ...message(1), expiresAt: 5 } as JournalPart['entries'][number]], numbers: [], dropped: [] };
  assert.is(shiftedBy(part, 1_000).entries[0]?.expiresAt, 1_005);
  const timeless: JournalPart = { entries: [message(1) as JournalPart['entries'][number]], numbers: [], dropped: [] };
  assert.is(shiftedBy(timeless, 1_000), timeless);
});

test.run();
