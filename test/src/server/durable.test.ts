/** What is written of a session, and what waits for that: nothing leaves before it is durable. */
import { either as E } from 'fp-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { SessionTurn } from '../../../machines/ports/store.js';
import { type Failure, failure } from '../../../machines/reasons.js';
import { initialStream } from '../../../machines/stream/state.js';
import { DurableSession, runsMax } from '../../../src/server/durable.js';
import { loggerOf } from '../../../src/server/logger.js';
import type { LiveSession } from '../../../src/server/session.js';
import { Turns } from '../../../src/server/turns.js';
import { limitsOf } from '../../machines/stream/rig.js';

/** A session in which nothing is said, over a store that answers when it is told to. */
const waiting = () => {
  const host = virtualHost({ seed: 1 });
  const asked: { readonly turns: readonly SessionTurn[]; readonly answer: (result: E.Either<Failure, void>) => void }[] = [];
  const commit = (turns: readonly SessionTurn[]) => () =>
    new Promise<E.Either<Failure, void>>((answer) => void asked.push({ turns, answer }));
  const turns = new Turns({ clock: host.clock, log: loggerOf(false), commit });
  const conversation = { runner: { state: initialStream(limitsOf()) }, tickets: 0 };
  const session = { id: 's', tokenHash: 'hash', expiresAt: null, life: 0, conversation } as unknown as LiveSession;
  const durable = new DurableSession({ turns, clock: host.clock, session: () => session });
  /** The store is asked, and takes what it is given, or does not. */
  const answers = async (result: E.Either<Failure, void> = E.right(undefined)) => {
    await host.settle();
    const [one] = asked.splice(0);
    assert.ok(one, 'the store is asked');
    one.answer(result);
    await host.settle();
    return one.turns;
  };
  return { host, durable, asked, answers };
};

const test = suite('a session that outlives its process');

test('lets nothing leave before it is written', async () => {
  const { host, durable, answers } = waiting();
  const left: string[] = [];
  durable.hold(() => void left.push('one'));
  await host.settle();
  assert.equal([left, durable.isWritten], [[], false]);
  durable.hold(() => void left.push('behind'));
  await answers();
  assert.equal(left, ['one'], 'what came while it was written waits for the next turn');
  await answers();
  assert.equal([left, durable.isWritten], [['one', 'behind'], true]);
});

test('lets nothing leave that waited on a former link, not even what is with the store; but does what is to be done in any case', async () => {
  const { host, durable, answers } = waiting();
  const left: string[] = [];
  durable.hold(() => void left.push('former'));
  durable.afterwards(() => void left.push('in any case'));
  await host.settle();
  durable.cut();
  durable.hold(() => void left.push('present'));
  await answers();
  await answers();
  assert.equal(left, ['in any case', 'present']);
});

test('is given again to a store that did not take it, until it does; meanwhile nothing leaves and nothing is taken', async () => {
  const { host, durable, answers } = waiting();
  const left: string[] = [];
  durable.hold(() => void left.push('one'));
  await answers(E.left(failure('StoreUnavailableError')));
  assert.equal([left, durable.refuses, durable.isWritten], [[], 'StoreUnavailableError', false]);
  await host.advance(1_000);
  assert.equal((await answers()).length, 1);
  assert.equal([left, durable.refuses, durable.isWritten], [['one'], null, true]);
});

test('runs a handler again only once that is written, and not more often than it may', async () => {
  const { host, durable, asked, answers } = waiting();
  for (let runs = 2; runs <= runsMax; runs += 1) {
    const ran: boolean[] = [];
    void durable.mayRun(7).then((may) => ran.push(may));
    await host.settle();
    assert.equal(ran, [], 'not before it is written');
    assert.equal((await answers())[0]?.attempts, [[7, runs]]);
    assert.equal(ran, [true]);
  }
  assert.is(await durable.mayRun(7), false);
  assert.equal(asked, []);
});

test.run();
