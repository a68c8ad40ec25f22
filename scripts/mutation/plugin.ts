/** What Stryker loads of ours, in its own process and in its workers: the test runner and the reporter. */
import { Progress } from './progress.js';
import { UnitTests } from './runner.js';

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'unit', injectableClass: UnitTests },
  { kind: 'Reporter', name: 'lines', injectableClass: Progress },
];
