import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fitToLeave, redacted, withoutSecrets } from '../../../src/inspect/redact.js';

const test = suite('what leaves for a viewer');

test('fields with telling names are replaced, at any depth', () => {
  const shown = withoutSecrets({ a: [{ authParams: { pin: '1' } }], apiKey: 'k', nested: { sessionToken: 't', name: 'jane' } });
  assert.equal(shown, { a: [{ authParams: redacted }], apiKey: redacted, nested: { sessionToken: redacted, name: 'jane' } });
});

test('what is null or absent stays so: a viewer may know that there is none', () => {
  assert.equal(withoutSecrets({ token: null, password: undefined }), { token: null, password: undefined });
});

test('cycles are cut, and so is what is too deep', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  assert.equal(withoutSecrets(cycle), { self: '[cut]' });
  let deep: unknown = 'bottom';
  for (let depth = 0; depth < 40; depth += 1) deep = { deep };
  assert.match(JSON.stringify(withoutSecrets(deep)), /\[cut\]/);
});

test('functions, big numbers and errors become what JSON can carry', () => {
  const shown = withoutSecrets({ f: function named() {}, n: 1n, e: new Error('why') });
  assert.equal(shown, { f: { type: 'named' }, n: '1', e: { name: 'Error', message: 'why' } });
});

test('the initial context inside a definition does not leave', () => {
  const { definition } = fitToLeave({
    type: '@xstate.actor',
    definition: JSON.stringify({ id: 'session', context: { hidden: 'S3CRET' }, states: {} }),
  });
  assert.equal(JSON.parse(definition ?? ''), { id: 'session', states: {} });
});

test('a definition that is not JSON does not leave at all', () => {
  assert.is(fitToLeave({ type: '@xstate.actor', definition: 'S3CRET' }).definition, '{}');
});

test('of a live snapshot only what a viewer shows is kept', () => {
  const { snapshot } = fitToLeave({
    type: '@xstate.snapshot',
    snapshot: { status: 'active', value: 'idle', context: { a: 1 }, machine: { big: true } },
  });
  assert.equal(snapshot, { status: 'active', value: 'idle', context: { a: 1 }, output: undefined });
  assert.is(fitToLeave({ type: '@xstate.snapshot', snapshot: null }).snapshot, null);
});

test.run();
