/** A renewal that came while messages to the former user still waited made them speak to the new one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { User } from '../../machines/ports/user.js';
import { pairOf } from '../src/stream/support.js';
import { jane } from '../support/ninelives-bench.js';

const test = suite('a message that waits for its handler');

test('speaks to the user whom it was sent to, though another one has signed in and renewed since', async () => {
  const { host, up, down } = pairOf({}, { signIn: true });
  const anne: User = { ...jane, id: 2, name: 'anne' };
  const seen: unknown[] = [];
  let goOn = (): void => undefined;
  up.conversation.registry.messages.on(
    'first',
    () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      }),
  );
  up.conversation.registry.messages.on('next', (n, { user }) => void seen.push([n, user.name]));
  down.conversation.send('first', null);
  down.conversation.send('next', 1);
  down.conversation.identify(anne, { to: 1, expiresAt: null });
  down.conversation.send('next', 2);
  await host.settle();
  up.conversation.identify(anne);
  goOn();
  await host.settle();
  assert.equal(seen, [
    [1, 'jane'],
    [2, 'anne'],
  ]);
  up.conversation.identify({ ...anne, displayName: 'Anne' });
  up.conversation.registry.messages.on('last', (_, { user }) => void seen.push(user.displayName));
  down.conversation.send('last', null);
  await host.settle();
  assert.is(seen[2], 'Anne', 'what the renewal said of the user holds');
  up.conversation.close('SessionEndedError');
  down.conversation.close('SessionEndedError');
});

test.run();
