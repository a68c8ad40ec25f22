import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor, initialTransition, transition } from 'xstate';
import * as entry from '../../../src/machine/index.js';

const { sessionMachine, statusOf } = entry;
const machineEntry = suite('ninelives/machine');

machineEntry('it exports the machine, its policy, the public status, the reasons and the retry policy, and nothing else', () => {
  assert.equal(Object.keys(entry).sort(), [
    'defaultRetryPolicy',
    'defaultSessionPolicy',
    'emittedTypes',
    'failure',
    'isReasonCode',
    'namesTime',
    'reasonCodes',
    'reasonFromCloseCode',
    'reasonFromPeer',
    'reasons',
    'retryInMs',
    'sessionMachine',
    'statusOf',
  ]);
});

machineEntry('without a link the machine can be driven with facts alone', () => {
  const actor = createActor(sessionMachine, { input: {} }).start();
  const failures: string[] = [];
  actor.on('failed', ({ failure }) => failures.push(failure.code));
  actor.send({ type: 'START', username: 'jane' });
  assert.equal(statusOf(actor.getSnapshot().value), { status: 'connecting', substate: 'connecting' });
  actor.send({ type: 'END' });
  assert.equal(failures, ['StartAbortedError']);
  assert.is(actor.getSnapshot().status, 'active', 'the machine itself goes on');
  actor.stop();
});

machineEntry('its transitions can be looked at without an actor', () => {
  const [idle] = initialTransition(sessionMachine, { policy: { startDeadlineMs: 2_000 } });
  const [starting, effects] = transition(sessionMachine, idle, { type: 'START', username: 'jane' });
  assert.equal(statusOf(starting.value).status, 'connecting');
  assert.equal(
    effects.map(({ type }) => type),
    ['xstate.raise', 'xstate.spawnChild'],
  );
});

machineEntry.run();
