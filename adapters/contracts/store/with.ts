import assert from 'node:assert/strict';
import type { Admission, Admitted, SessionStore, StoreFailure, StoreTask } from '../../../machines/ports/store.js';
import type { MakeStore } from '../store.js';

/** The moment at which the tests take place, in milliseconds since the epoch; what follows is told apart by adding to it. */
export const NOW = 1_800_000_000_000;

/** What the task gives, which must not fail. */
export const given = async <A>(task: StoreTask<A>): Promise<A> => {
  const answer = await task();
  if (answer._tag === 'Left') assert.fail(`it was answered with ${JSON.stringify(answer.left)}`);
  return answer.right;
};

/** How the task fails, which it must. */
export const refused = async (task: StoreTask<unknown>): Promise<StoreFailure> => {
  const answer = await task();
  if (answer._tag === 'Right') assert.fail(`it was answered with ${JSON.stringify(answer.right)}`);
  return answer.left;
};

/** The task must fail as `unavailable`, with a failure of the table that says more than the table. */
export const unavailable = async (task: StoreTask<unknown>): Promise<string> => {
  const failure = await refused(task);
  if (failure.kind !== 'unavailable') assert.fail(`it was refused as ${failure.kind}`);
  assert.equal(failure.failure.code, 'StoreUnavailableError');
  return failure.failure.message;
};

/** An admission of 'jane' as a guest, with what differs. */
export const admissionOf = (
  id: string,
  { session, ...more }: Partial<Omit<Admission, 'session'>> & { readonly session?: Partial<Admission['session']> } = {},
): Admission => ({
  username: 'jane',
  as: 'guest',
  profile: {},
  now: NOW,
  ...more,
  session: { id, tokenHash: `hash of ${id}`, userAgent: null, terms: null, ...session },
});

export const admit = (store: SessionStore, ...args: Parameters<typeof admissionOf>): Promise<Admitted> =>
  given(store.admit(admissionOf(...args)));

/** A test's body with an open store, which is closed and taken away afterwards. */
export const withStore = (make: MakeStore, run: (store: SessionStore) => Promise<void>) => async (): Promise<void> => {
  const { store, cleanup } = await make();
  try {
    await given(store.open({ now: NOW }));
    await run(store);
    await given(store.close());
  } finally {
    await cleanup();
  }
};
