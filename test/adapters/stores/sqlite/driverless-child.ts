import { register } from 'node:module';
import { refused } from '../../../../adapters/contracts/store/with.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';

/** Opens a store where no driver is installed, and says how that was answered. */
const hooks = `export const resolve = (name, context, next) => {
  if (name === 'node:sqlite' || name === '@photostructure/sqlite') throw new Error(name + ' is not installed here');
  return next(name, context);
};`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
process.stdout.write(JSON.stringify(await refused(sqlite(':memory:').open({ now: 0 }))));
