/** The peer's last word before a link or a session is over (docs/protocol.md, R68). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toArray } from '../../../machines/stream/queue.js';
import { isLastWord, isMaybeHandled, positionsOf, unconfirmed } from '../../../machines/stream/stream.js';
import { ackOf, message, only, reply, request, Side, types } from './rig.js';

const last = suite('the last word of a peer');

const word = (received: number, done: number, exceptions: ReturnType<typeof ackOf>['exceptions'] = []) => ({ received, done, exceptions });

/** One that has shipped four messages, of which the peer is known to have handled the first. */
const talking = (): Side => {
  const side = new Side();
  side.send(message(1), message(2), request(3), message(4));
  side.flush();
  side.arrive(ackOf({ received: 1, done: 1 }));
  return side;
};

last('confirms what the peer is done with, with what was not simply handled', () => {
  const side = talking();
  const effects = side.do({ type: 'concluded', peer: word(3, 2, [{ number: 2, outcome: 'failed' }]) });
  assert.equal(types(effects), ['confirmed']);
  const [confirmed] = only(effects, 'confirmed');
  assert.equal(
    confirmed?.entries.map(({ number }) => number),
    [2],
  );
  assert.equal(confirmed?.exceptions, [{ number: 2, outcome: 'failed' }]);
  assert.equal(
    unconfirmed(side.state).map(({ ticket }) => ticket),
    [3, 4],
  );
});

last('tells what it may have handled from what it certainly has not', () => {
  const side = talking();
  side.do({ type: 'concluded', peer: word(3, 2) });
  assert.equal(
    [3, 4].map((number) => isMaybeHandled(side.state, number)),
    [true, false],
  );
});

last('says nothing of what an earlier life of the peer may have handled', () => {
  const side = talking();
  side.do({
    type: 'resumed',
    own: { received: 0, done: 0 },
    peer: { ...positionsOf(side.state), received: 1, done: 1, last: 0, incarnation: 2 },
    reborn: true,
  });
  side.do({ type: 'concluded', peer: word(1, 1) });
  assert.is(isMaybeHandled(side.state, 4), true);
});

last('of a peer that has lost its memory says nothing of what its former life did', () => {
  const side = talking();
  side.do({ type: 'concluded', peer: word(1, 1), reborn: true });
  assert.is(isMaybeHandled(side.state, 4), true);
  const other = talking();
  other.do({ type: 'concluded', peer: word(1, 1), reborn: false });
  assert.is(isMaybeHandled(other.state, 4), false);
});

last('changes no number: a resume that follows goes on where the stream was', () => {
  const side = talking();
  side.send(reply(5));
  side.flush();
  side.do({ type: 'concluded', peer: word(3, 2) });
  assert.is(positionsOf(side.state).last, 5);
  assert.equal(
    toArray(side.state.replay).map(({ number }) => number),
    [4, 5],
  );
});

last('is none where it does not fit what was shipped, contradicts itself, or takes back what was told', () => {
  const { state } = talking();
  assert.is(isLastWord(state, word(4, 4)), true);
  assert.is(isLastWord(state, word(1, 1)), true);
  assert.is(isLastWord(state, word(5, 4)), false);
  assert.is(isLastWord(state, word(2, 3)), false);
  assert.is(isLastWord(state, word(1, 0)), false);
  assert.is(isLastWord(state, word(4, 2, [{ number: 2, outcome: 'failed' }])), true);
  assert.is(isLastWord(state, word(4, 2, [{ number: 3, outcome: 'failed' }])), false);
});

last.run();
