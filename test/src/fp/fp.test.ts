import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure } from '../../../machines/reasons.js';
import { createClient, memory } from '../../../src/client/index.node.js';
import { toEither, toResult, toTask } from '../../../src/fp/index.js';
import { createServer } from '../../../src/server/index.js';

const test = suite('ninelives/fp');

test('a start and a request chain as tasks, and a failure is on the left', async () => {
  const server = createServer({ guests: true, logger: false });
  server.on('session', (session) => void session.onRequest('double', (n: number) => n * 2));
  const kitty = createClient({ transport: memory(server) });
  const doubled = F.pipe(
    toTask(() => kitty.startSession({ username: 'jane' })),
    TE.chain(({ session }) => toTask(() => session.request('double', 21))),
    TE.map(({ reply }) => reply),
  );
  assert.equal(await doubled(), E.right(42));
  const second = toEither(await kitty.startSession({ username: 'jane' }));
  assert.ok(E.isLeft(second));
  assert.is(second.left.code, 'SessionActiveError');
  await kitty.endSession();
  await server.close();
});

test('an Either becomes the public result under the name of what is inside', () => {
  assert.equal(
    toResult(E.right(1), (n) => ({ n })),
    { succeeded: true, failed: false, n: 1 },
  );
  const failed = toResult(E.left(failure('UserUnknownError')), () => ({ n: 1 }));
  assert.ok(failed.failed);
  assert.is(failed.error.code, 'UserUnknownError');
});

test.run();
