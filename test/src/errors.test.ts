import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, reasonCodes, reasons } from '../../machines/reasons.js';
import { remedyOf } from '../../machines/remedies.js';
import { errorOf, messageOf, NineLivesError } from '../../src/errors.js';

const errors = suite('errors');

errors('are real ones, with the code as their name, and say what to do', () => {
  for (const code of reasonCodes) {
    const error = errorOf(code, 'A detail');
    assert.instance(error, Error);
    assert.instance(error, NineLivesError);
    assert.equal([error.name, error.code], [code, code]);
    assert.is(error.message, `${reasons[code].what} A detail. ${remedyOf(code)}`);
    assert.equal([error.retryable, error.remedy], [reasons[code].retryable, remedyOf(code)]);
    assert.not.ok('cause' in error);
  }
});

errors('carry what they come from, as errors too', () => {
  const last = failure('ConnectionFailedError', 'connect ECONNREFUSED', { cause: failure('ServerBusyError') });
  const error = new NineLivesError(failure('StartTimeoutError', undefined, { cause: last }));
  assert.instance(error.cause, NineLivesError);
  assert.is((error.cause as NineLivesError).code, 'ConnectionFailedError');
  assert.is(((error.cause as NineLivesError).cause as NineLivesError).code, 'ServerBusyError');
  const thrown = new Error('thrown');
  assert.is(errorOf('RequestFailedError', undefined, thrown).cause, thrown);
});

errors('tell how long the server asks to wait', () => {
  assert.is(new NineLivesError(failure('ServerBusyError', undefined, { retryAfterMs: 7 })).retryAfterMs, 7);
  assert.is(errorOf('ServerBusyError').retryAfterMs, undefined);
});

errors('whatever is thrown has a message', () => {
  const hostile = {
    toString: () => {
      throw new Error('no');
    },
  };
  assert.is(messageOf(new Error('why')), 'why');
  assert.is(messageOf('text'), 'text');
  assert.is(messageOf(undefined), 'undefined');
  assert.match(messageOf(hostile), 'can not be shown');
  assert.match(messageOf(Object.create(null)), 'can not be shown');
});

errors.run();
