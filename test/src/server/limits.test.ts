/** The limits that a server may be given: what could never work is refused when the server is written. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../../src/server/index.js';
import { type ServerOptions, settingsOf } from '../../../src/server/options.js';

const limits = suite('the limits of a server');

type Limits = NonNullable<ServerOptions['limits']>;

const assertRefused = (given: unknown, sentence: RegExp): void => {
  assert.throws(
    () => createServer({ logger: false, limits: given as Limits }),
    (error: unknown) => error instanceof TypeError && sentence.test(error.message),
    JSON.stringify(given),
  );
};

limits('a window or a buffer for no message is refused, and so is half of one', () => {
  for (const name of ['window', 'buffer'] as const)
    for (const room of [
      { messages: 0, size: 300_000 },
      { messages: 1, size: 0 },
      { messages: 1.5, size: 300_000 },
      { messages: 5 },
      5,
      null,
    ])
      assertRefused(
        { [name]: room },
        new RegExp(`^createServer: \`limits.${name}\` is \`\\{ messages, size \\}\`, two whole numbers of 1 or more; `),
      );
});

limits('without an end is no bound', () => {
  assertRefused({ buffer: { messages: Number.POSITIVE_INFINITY, size: 300_000 } }, /two whole numbers/);
});

limits('a buffer that could never take a message of the largest size is refused, whichever of the two was given', () => {
  const sentence = /^createServer: `limits.buffer.size` is at least `limits.messageSize`, or the largest message could never be sent; /;
  assertRefused({ buffer: { messages: 10, size: 262_143 } }, sentence);
  assertRefused({ messageSize: 16_777_217 }, sentence);
  assert.is(settingsOf({ limits: { buffer: { messages: 10, size: 262_144 } } }).buffer.size, 262_144);
  assert.is(settingsOf({ limits: { messageSize: 100, buffer: { messages: 1, size: 100 } } }).messageSize, 100);
});

limits('counts are whole numbers of 1 or more', () => {
  for (const name of [
    'messageSize',
    'batchSize',
    'pendingConnections',
    'admissionsPerSecond',
    'lostSessions',
    'sessions',
    'connectionsPerAddress',
    'logLinesPerSecond',
  ])
    for (const given of [0, -1, 0.5, Number.NaN, '1024'])
      assertRefused({ [name]: given }, new RegExp(`^createServer: \`limits.${name}\` is a whole number of 1 or more; it was given `));
});

limits('a window may be smaller than the largest message: one may always go', () => {
  assert.equal(settingsOf({ limits: { window: { messages: 1, size: 1 } } }).window, { messages: 1, size: 1 });
});

limits('what is not given, or undefined, has its default', () => {
  assert.equal(settingsOf({ limits: { window: undefined, buffer: undefined, messageSize: undefined } }), settingsOf({}));
});

limits.run();
