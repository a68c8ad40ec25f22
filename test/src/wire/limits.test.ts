import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as limits from '../../../src/wire/limits.js';

const names = suite('the names in ninelives.v1');

names('are those that peers which are out there know', () => {
  assert.is(limits.subprotocol, 'ninelives.v1');
  assert.is(limits.helloPrefix, 'ninelives.hello.');
  const { resumeFeature, renewalFeature, signInFeature, volatileFeature } = limits;
  assert.equal([resumeFeature, renewalFeature, signInFeature, volatileFeature], ['resume', 'renewal', 'signIn', 'volatile']);
});

names.run();
