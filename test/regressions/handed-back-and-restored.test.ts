/** A message that was handed back, as link after link did not outlive it, stayed in the journal: a server that was restarted shipped it again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { stallsMax } from '../../machines/stream/resume.js';
import { Conversation } from '../../src/stream/conversation.js';
import { Registry } from '../../src/stream/registry.js';
import { termsOf } from '../../src/stream/terms.js';
import { defaults, defaultTerms } from '../src/stream/support.js';
import { jane } from '../support/ninelives-bench.js';

const test = suite('a message that is handed back');

test('is taken out of what a later process goes on with', async () => {
  const host = virtualHost({ seed: 1 });
  const ignored = (): void => undefined;
  const dropped: number[] = [];
  const back: unknown[] = [];
  const conversation = new Conversation(
    {
      direction: 'down',
      write: ignored,
      peerEnded: ignored,
      complete: ignored,
      violated: ignored,
      tooSlow: ignored,
      dropped: ({ ticket }) => void dropped.push(ticket),
      reports: {
        handedBack: ({ payload }) => void back.push(payload),
        unhandled: ignored,
        handlerFailed: ignored,
        handlerSlow: ignored,
        requestFailed: ignored,
      },
    },
    new Registry(),
    termsOf({ ...defaults, clock: host.clock }, defaultTerms),
    { sessionId: 's', user: jane },
  );
  conversation.send('chat', 'poison');
  conversation.send('chat', 'sound');
  const nothingYet = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  for (let link = 0; link < stallsMax; link += 1) {
    await host.settle();
    assert.equal([back, dropped], [[], []]);
    conversation.resume(nothingYet, nothingYet, false);
  }
  assert.equal([back, dropped], [['poison'], [1]]);
  conversation.close('SessionEndedError');
});

test.run();
