/** A state that its one holder gave up to be changed in place, and back. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asValue, initialStream, inPlace } from '../../../machines/stream/state.js';
import { reduceStream } from '../../../machines/stream/stream.js';
import { freeze, limitsOf, message } from './rig.js';

const held = suite('a state in place');

held('is a copy of the value that it was made of, which no step changes', () => {
  const value = freeze(initialStream(limitsOf()));
  const state = inPlace(value);
  assert.is.not(state, value);
  reduceStream(state, { type: 'send', entry: message(1) });
  assert.equal([state.held.messages, value.held.messages], [1, 0]);
});

held('is what each step gives: none is copied', () => {
  const state = inPlace(initialStream(limitsOf()));
  assert.is(reduceStream(state, { type: 'send', entry: message(1) })[0], state);
  assert.is(inPlace(state), state);
});

held('is a value again once it is to be seen: the next step leaves it as it is', () => {
  const state = asValue(inPlace(initialStream(limitsOf())));
  const [next] = reduceStream(freeze(state), { type: 'send', entry: message(1) });
  assert.is.not(next, state);
  assert.equal([next.held.messages, state.held.messages], [1, 0]);
});

held('a value is one already, frozen or not', () => {
  const value = freeze(initialStream(limitsOf()));
  assert.is(asValue(value), value);
});

held.run();
