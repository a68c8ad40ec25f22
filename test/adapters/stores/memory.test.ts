import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admit, given, NOW } from '../../../adapters/contracts/store/with.js';
import { storeContract } from '../../../adapters/contracts/store.js';
import { memory } from '../../../adapters/stores/memory.js';
import { ENDED_SESSIONS_MAX } from '../../../adapters/stores/rules.js';

const store = suite('memory store');

storeContract(store, async () => {
  const made = memory();
  return { store: made, reopen: async () => made, cleanup: async () => undefined };
});

const durable = suite('memory store that keeps streams');

storeContract(durable, async () => {
  const made = memory({ durable: true });
  return { store: made, reopen: async () => made, cleanup: async () => undefined };
});

durable('gives nothing that changes with what its server or its reader does', async () => {
  const made = memory({ durable: true });
  await given(made.open({ now: NOW }));
  const features = ['resume'];
  await admit(made, 's1', { session: { terms: { keptMs: 1, window: { messages: 1, size: 1 }, features, expiresAt: null } } });
  features.push('changed');
  const { streams } = made;
  if (streams === null) return assert.unreachable();
  const load = async () => (await given(streams.load({ now: NOW }))).sessions[0]?.terms.features;
  assert.equal(await load(), ['resume']);
  ((await load()) as string[]).push('changed');
  assert.equal(await load(), ['resume']);
});

durable.run();

store('of the sessions that ended the last ones are remembered, and all that are active', async () => {
  const made = memory();
  await given(made.open({ now: NOW }));
  await admit(made, 'active');
  for (let n = 0; n <= ENDED_SESSIONS_MAX; n += 1) {
    await admit(made, `s${n}`);
    await given(made.endSession({ id: `s${n}`, reason: 'ended', now: NOW }));
  }
  assert.is((await given(made.listSessions({ page: 0, size: 1 }))).total, ENDED_SESSIONS_MAX + 1);
  assert.is(await given(made.findSession('s0')), null);
  assert.is((await given(made.findSession('s1')))?.state, 'ENDED');
  assert.is((await given(made.findSession('active')))?.state, 'ACTIVE');
});

store('a guest is forgotten with the last session that is remembered; a registered user is not', async () => {
  const made = memory();
  await given(made.open({ now: NOW }));
  const visit = async (username: string, as: 'guest' | 'registered'): Promise<void> => {
    const session = { id: `of-${username}`, tokenHash: 't', userAgent: null, terms: null };
    await given(made.admit({ username, as, profile: {}, session, now: NOW }));
    await given(made.endSession({ id: session.id, reason: 'ended', now: NOW }));
  };
  await visit('passer-by', 'guest');
  await visit('jane', 'registered');
  for (let n = 0; n < ENDED_SESSIONS_MAX; n += 1) await visit(`guest-${n}`, 'guest');
  assert.is(await given(made.findUser({ name: 'passer-by' })), null);
  assert.ok(await given(made.findUser({ name: 'jane' })));
  assert.ok(await given(made.findUser({ name: 'guest-0' })));
  assert.is((await given(made.listUsers({ page: 0, size: 1, isGuest: true }))).total, ENDED_SESSIONS_MAX);
});

store('two stores share nothing', async () => {
  const [one, other] = [memory(), memory()];
  await Promise.all([given(one.open({ now: NOW })), given(other.open({ now: NOW }))]);
  await admit(one, 's1');
  assert.is(await given(other.findSession('s1')), null);
});

store.run();
