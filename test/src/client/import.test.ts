import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../../src/client/index.node.js';

const importing = suite('importing the client and making one');

/** A process that is not over by then waits for something it opened, in milliseconds. */
const limitMs = 20_000;

/** What a program of the folder `exit` prints, once it has ended by itself. */
const outputOf = async (program: string): Promise<unknown> => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `test/src/client/exit/${program}`], {
    timeout: limitMs,
  });
  assert.not.match(stderr, /Error|Warning/);
  return JSON.parse(stdout) as unknown;
};

importing('opens nothing and leaves nothing behind: the process ends by itself', async () => {
  assert.equal(await outputOf('creates.ts'), { left: 0 });
});

importing('needs nothing of the platform: it can be done where pages are rendered', async () => {
  assert.equal(await outputOf('imports-bare.ts'), { status: 'idle', same: true, globals: 'Event,EventTarget,ninelives' });
});

importing('says clearly what is missing where it is not told how to reach the server', () => {
  for (const options of [
    undefined,
    {},
    { url: '' },
    { url: 'localhost:4150' },
    { url: 'https://example.com' },
    { url: 7 },
    { url: undefined },
  ])
    assert.throws(
      () => createClient(options as { url: string }),
      (error: unknown) => error instanceof TypeError && /`url` \(ws:.*`transport`/.test(error.message),
      String(options && 'url' in options ? options.url : options),
    );
  for (const url of ['ws://localhost:4150', 'wss://example.com/sessions', 'WSS://EXAMPLE.COM']) assert.ok(createClient({ url }));
});

importing.run();
