/** uvu, as far as the unit tests use it, for a caller that runs the tests itself: one by one, until the first that fails. */

export interface Test {
  readonly name: string;
  /** Throws, or gives a promise that rejects, where the test fails. */
  readonly run: () => unknown;
}

type Handler = (context: Record<string, unknown>) => unknown;

interface Suite {
  (title: string, handler: Handler): void;
  run(): void;
}

/** What a test file gets for `import { suite } from 'uvu'`. Hooks are not there, since no unit test has one: a file that asks for them does not load. */
export class Suites {
  /** The tests of those suites that were told to run. */
  readonly tests: Test[] = [];

  readonly suite = (name: string, context: Record<string, unknown> = {}): Suite => {
    const own: Test[] = [];
    const add = (title: string, handler: Handler): void => void own.push({ name: `${name}: ${title}`, run: () => handler(context) });
    return Object.assign(add, { run: () => void this.tests.push(...own) });
  };
}
