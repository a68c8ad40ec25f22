import type { SessionStore } from '../../machines/ports/store.js';
import { admission } from './store/admission.js';
import { hostileInput } from './store/hostile.js';
import { identities } from './store/identities.js';
import { lives } from './store/lives.js';
import { pages } from './store/pages.js';
import { sessions } from './store/sessions.js';
import { streams } from './store/streams.js';
import { users } from './store/users.js';

/** One store to be tested, with nothing in it. */
export interface StoreUnderTest {
  /** Not open yet. */
  readonly store: SessionStore;
  /** A restart: the former store, which was closed, is given up, and one on the same data is given, not open yet. Without it, nothing is tested that needs one. */
  reopen?(): Promise<SessionStore>;
  /** Take away what was made, whether it is open or not. */
  cleanup(): Promise<void>;
}

/** Gives a title and a test to a test runner: uvu's suites and the `test` of `node:test` and others are such functions. */
export type Test = (title: string, run: () => Promise<void>) => unknown;

/** A fresh store for each test. */
export type MakeStore = () => Promise<StoreUnderTest>;

/**
 * The contract of `SessionStore` as tests, for anyone who writes a store. They ask nothing of the test runner but that it runs them,
 * one after the other or side by side, and fail with an `AssertionError`.
 *
 * @example
 * import { test } from 'node:test';
 * storeContract(test, async () => ({ store: myStore(), cleanup: async () => {} }));
 */
export const storeContract = (test: Test, make: MakeStore): void => {
  for (const part of [lives, admission, identities, sessions, users, pages, streams, hostileInput]) part(test, make);
};
