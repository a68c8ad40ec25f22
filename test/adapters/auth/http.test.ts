import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { discard, readText } from '../../../adapters/auth/http.js';
import { gate } from './support.js';

const reading = suite('reading of bodies');

const never = new AbortController().signal;
const bytes = (...parts: readonly string[]) => parts.map((part) => new TextEncoder().encode(part));

const streamed = (parts: readonly Uint8Array[], { ends, cancelled = () => undefined }: { ends: boolean; cancelled?: () => void }) =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        for (const part of parts) controller.enqueue(part);
        if (ends) controller.close();
      },
      cancel: cancelled,
    }),
  );

reading('a body is put together, characters that were cut in two included', async () => {
  const [whole = new Uint8Array()] = bytes('jäne');
  assert.is(await readText(streamed([whole.slice(0, 2), whole.slice(2)], { ends: true }), never), 'jäne');
});

reading('a body that was complete but for its end is not taken for one when the signal is aborted', async () => {
  const controller = new AbortController();
  const cancelled = gate();
  const text = readText(streamed(bytes('{"keys":[]}'), { ends: false, cancelled: cancelled.open }), controller.signal);
  setImmediate(() => controller.abort(new Error('too late')));
  const error = await text.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, Error);
  assert.is((error as Error).message, 'too late');
  await cancelled.opened;
});

reading('a body that is too long is cancelled', async () => {
  const cancelled = gate();
  const long = streamed(bytes('x'.repeat(65_537)), { ends: false, cancelled: cancelled.open });
  assert.instance(await readText(long, never).catch((thrown: unknown) => thrown), RangeError);
  await cancelled.opened;
});

reading('a body whose cancelling fails disturbs nobody', async () => {
  const failing = () => streamed([], { ends: false, cancelled: () => Promise.reject(new Error('x')) as unknown as undefined });
  discard(failing());
  discard(new Response(null));
  // An unhandled rejection ends the process before its next turn.
  await new Promise<void>((resolve) => setImmediate(resolve));
});

reading.run();
