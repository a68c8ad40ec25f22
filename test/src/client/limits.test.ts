/** The room that a client may be given: what could never work is refused when the client is written. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../../src/client/index.node.js';
import type { ClientOptions } from '../../../src/client/options.js';

const limits = suite('the limits of a client');

const url = 'ws://127.0.0.1:9';

limits('a window or a buffer for no message is refused, and so is half of one', () => {
  for (const name of ['window', 'buffer'])
    for (const room of [{ messages: 0, size: 10 }, { messages: 1, size: 0 }, { messages: 1, size: Number.NaN }, { size: 5 }, 5, null])
      assert.throws(
        () => createClient({ url, [name]: room } as unknown as ClientOptions),
        (error: unknown) =>
          error instanceof TypeError &&
          error.message.startsWith(`createClient: \`${name}\` is \`{ messages, size }\`, two whole numbers of 1 or more; it was given `),
        JSON.stringify(room),
      );
});

limits('the smallest room is one message of one character', () => {
  const room = { messages: 1, size: 1 };
  assert.is(createClient({ url, window: room, buffer: room }).getSnapshot().status, 'idle');
  assert.is(createClient({ url, window: undefined, buffer: undefined }).getSnapshot().status, 'idle');
});

limits.run();
