/** Who waited for room while requests waited for their answers went on waiting for good, where these were given up on instead of answered. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pairOf } from '../src/stream/support.js';

const test = suite('room that requests leave that nobody answers');

test('is there for who waits for it, once their time is over', async () => {
  const { host, up, down } = pairOf({ buffer: { messages: 4, size: 40_000 } });
  down.conversation.registry.requests.on('slow', () => new Promise(() => undefined));
  const asked = [1, 2, 3, 4].map((n) => up.conversation.request('slow', n, 1_000, undefined));
  await host.advance(100);
  let hasRoom: boolean | null = null;
  void up.conversation.ready({ messages: 4 }).then((said) => {
    hasRoom = said;
  });
  await host.advance(500);
  assert.is(hasRoom, null);
  await host.advance(1_000);
  assert.equal(
    (await Promise.all(asked)).map(({ error }) => error?.code),
    Array(4).fill('RequestTimeoutError'),
  );
  assert.is(hasRoom, true);
});

test('is there where they were taken back before they were shipped', async () => {
  const { host, up } = pairOf({ buffer: { messages: 1, size: 40_000 } });
  up.conversation.stop();
  const controller = new AbortController();
  const asked = up.conversation.request('slow', null, 1_000, controller.signal);
  let hasRoom: boolean | null = null;
  void up.conversation.ready().then((said) => {
    hasRoom = said;
  });
  controller.abort();
  await host.settle();
  assert.is((await asked).error?.code, 'RequestAbortedError');
  assert.is(hasRoom, true);
});

test.run();
