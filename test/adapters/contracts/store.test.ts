import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storeContract } from '../../../adapters/contracts/store.js';
import { memory } from '../../../adapters/stores/memory.js';
import type { Page, SessionStore, StoreTask } from '../../../machines/ports/store.js';
import type { User } from '../../../machines/ports/user.js';

const contract = suite('store contract');

interface Outcome {
  readonly title: string;
  readonly thrown: unknown;
}

/** Runs the contract without a test runner. The long history is left out: it is slow, and finds none of these. */
const outcomesFor = async (make: () => SessionStore, canReopen = true): Promise<readonly Outcome[]> => {
  const tests: { title: string; run: () => Promise<void> }[] = [];
  storeContract(
    (title, run) => tests.push({ title, run }),
    async () => {
      const store = make();
      return { store, ...(canReopen ? { reopen: async () => store } : {}), cleanup: async () => undefined };
    },
  );
  const outcomes: Outcome[] = [];
  for (const { title, run } of tests) {
    if (title.startsWith('a history of')) continue;
    outcomes.push({
      title,
      thrown: await run().then(
        () => undefined,
        (thrown) => thrown,
      ),
    });
  }
  return outcomes;
};

const mapped =
  <A>(task: StoreTask<A>, to: (value: A) => A): StoreTask<A> =>
  async () => {
    const answer = await task();
    return E.isRight(answer) ? E.right(to(answer.right)) : answer;
  };

const page = <A>(task: StoreTask<Page<A>>, to: (items: readonly A[]) => readonly A[]): StoreTask<Page<A>> =>
  mapped(task, (list) => ({ ...list, items: to(list.items) }));

const nothing = E.right(undefined);

/** A store with one fault each: what it does instead of what the contract asks. */
const faults: Record<string, (store: SessionStore) => Partial<SessionStore>> = {
  'has no name': () => ({ name: '' }),
  'counts its lives from 0': ({ open }) => ({
    open: (at) => mapped(open(at), ({ incarnation, expired }) => ({ incarnation: incarnation - 1, expired })),
  }),
  'does not say how many sessions it ended': ({ open }) => ({ open: (at) => mapped(open(at), (life) => ({ ...life, expired: 0 })) }),
  'ends left-over sessions at another time': ({ open }) => ({ open: ({ now }) => open({ now: now - 1 }) }),
  'works after close': () => ({ close: () => async () => nothing }),
  'lets guests take registered names': ({ admit }) => ({ admit: (admission) => admit({ ...admission, as: 'registered' }) }),
  'never registers anyone': ({ admit }) => ({ admit: (admission) => admit({ ...admission, as: 'guest' }) }),
  'does not list what it revoked': ({ admit }) => ({
    admit: (admission) => mapped(admit(admission), (admitted) => ({ ...admitted, revoked: [] })),
  }),
  'says of everyone that it created them': ({ admit }) => ({
    admit: (admission) => mapped(admit(admission), (admitted) => ({ ...admitted, created: true })),
  }),
  'drops the profile of an admission': ({ admit }) => ({ admit: (admission) => admit({ ...admission, profile: {} }) }),
  'drops the user agent': ({ admit }) => ({
    admit: (admission) => admit({ ...admission, session: { ...admission.session, userAgent: null } }),
  }),
  'begins before it is asked to': ({ admit }) => ({
    admit: (admission) => {
      const begun = admit(admission)();
      return () => begun;
    },
  }),
  'takes its time before it begins': ({ admit }) => ({
    admit: (admission) => async () => {
      await Promise.resolve();
      return admit(admission)();
    },
  }),
  'compares names without case': ({ admit }) => ({
    admit: (admission) => admit({ ...admission, username: admission.username.toLowerCase() }),
  }),
  'normalises names': ({ admit }) => ({ admit: (admission) => admit({ ...admission, username: admission.username.normalize() }) }),
  'trims names': ({ findUser }) => ({ findUser: (by) => findUser('name' in by ? { name: by.name.trim() } : by) }),
  'ends every session as expired': ({ endSession }) => ({ endSession: (end) => endSession({ ...end, reason: 'expired' }) }),
  'ends no session': ({ findSession }) => ({ endSession: ({ id }) => findSession(id) }),
  'forgets nothing': () => ({ forgetSession: () => async () => nothing }),
  'ends what it should forget': ({ endSession }) => ({
    forgetSession: (id) => mapped<unknown>(endSession({ id, reason: 'ended', now: 0 }), () => undefined) as StoreTask<void>,
  }),
  'lists the oldest session first': ({ listSessions }) => ({
    listSessions: (filter) => page(listSessions(filter), (items) => [...items].reverse()),
  }),
  'lists all states': ({ listSessions }) => ({ listSessions: ({ state: _, ...filter }) => listSessions(filter) }),
  'lists the sessions of all': ({ listSessions }) => ({ listSessions: ({ username: _, ...filter }) => listSessions(filter) }),
  'counts pages from 1': ({ listUsers }) => ({ listUsers: (filter) => listUsers({ ...filter, page: filter.page - 1 }) }),
  'gives pages of any size': ({ listSessions }) => ({
    listSessions: (filter) => mapped(listSessions(filter), (list) => ({ ...list, size: filter.size })),
  }),
  'rejects a bad page': ({ listSessions }) => ({
    listSessions: (filter) => (filter.size < 1 ? () => Promise.reject(new RangeError('size')) : listSessions(filter)),
  }),
  'counts what is on the page only': ({ listUsers }) => ({
    listUsers: (filter) => mapped(listUsers(filter), (list) => ({ ...list, total: list.items.length })),
  }),
  'lists users who are offline as online': ({ listUsers }) => ({ listUsers: ({ online: _, ...filter }) => listUsers(filter) }),
  'lists users as guests': ({ listUsers }) => ({ listUsers: ({ isGuest: _, ...filter }) => listUsers(filter) }),
  'creates users anew': ({ createUser, findUser }) => ({
    createUser: (user) => async () => {
      const created = await createUser(user)();
      return E.isLeft(created) ? (findUser({ name: user.name })() as Promise<E.Right<User>>) : created;
    },
  }),
  'merges properties': ({ updateUser, findUser }) => ({
    updateUser:
      ({ id, profile }) =>
      async () => {
        const found = await findUser({ id })();
        const before = E.isRight(found) ? found.right?.properties : undefined;
        const properties = profile.properties === undefined ? {} : { properties: { ...before, ...profile.properties } };
        return updateUser({ id, profile: { ...profile, ...properties } })();
      },
  }),
  'keeps the picture that it should remove': ({ updateUser }) => ({
    updateUser: ({ id, profile: { displayPictureUrl, ...profile } }) =>
      updateUser({ id, profile: typeof displayPictureUrl === 'string' ? { ...profile, displayPictureUrl } : profile }),
  }),
  'sets everyone online who says a status': ({ setPresence }) => ({
    setPresence: ({ id, presence }) => setPresence({ id, presence: { online: true, ...presence } }),
  }),
  'takes properties through an object literal': ({ admit }) => ({
    admit: (admission) =>
      admit({ ...admission, profile: { ...admission.profile, properties: Object.assign({}, admission.profile.properties) } }),
  }),
  'is refused as something else': ({ admit }) => ({
    admit: (admission) => async () => {
      const answer = await admit(admission)();
      return E.isLeft(answer) ? E.left({ kind: 'userUnknown', id: 0 }) : answer;
    },
  }),
};

contract('a store that keeps the contract passes all of it, with or without a second life', async () => {
  for (const canReopen of [true, false]) {
    const outcomes = await outcomesFor(memory, canReopen);
    assert.ok(outcomes.length > 40);
    assert.equal(
      outcomes.filter(({ thrown }) => thrown !== undefined),
      [],
    );
  }
});

for (const [title, fault] of Object.entries(faults)) {
  contract(`a store that ${title} does not pass`, async () => {
    const outcomes = await outcomesFor(() => {
      const store = memory();
      return { ...store, ...fault(store) };
    });
    const failed = outcomes.filter(({ thrown }) => thrown !== undefined);
    assert.ok(failed.length > 0);
    assert.ok(failed.length < outcomes.length, 'everything failed, so the fault is not what was found');
  });
}

contract.run();
