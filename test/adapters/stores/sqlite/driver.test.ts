import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect, findDriver, type SqliteConstructor } from '../../../../adapters/stores/sqlite/driver.js';
import { explain, resultCode } from '../../../../adapters/stores/sqlite/explain.js';

const driver = suite('sqlite driver');

/** Says how it was opened. */
class DatabaseSync {
  readonly path: string;
  readonly options: unknown;
  constructor(path: string, options?: unknown) {
    this.path = path;
    this.options = options;
  }
}

/** Loads by name from a table; what is an Error is thrown. */
const loader = (modules: Record<string, unknown>) => {
  const asked: string[] = [];
  const load = async (name: string): Promise<unknown> => {
    asked.push(name);
    if (modules[name] instanceof Error) throw modules[name];
    return modules[name];
  };
  return { asked, load };
};

driver("Node's own SQLite is taken from the release on that has it without a flag", async () => {
  for (const [version, expected] of [
    ['22.13.0', 'node:sqlite'],
    ['22.20.1', 'node:sqlite'],
    ['24.0.0', 'node:sqlite'],
    ['22.12.0', '@photostructure/sqlite'],
    ['20.20.2', '@photostructure/sqlite'],
    ['', '@photostructure/sqlite'],
  ] as const) {
    const { asked, load } = loader({ 'node:sqlite': { DatabaseSync }, '@photostructure/sqlite': { DatabaseSync } });
    assert.ok(E.isRight(await findDriver(load, version)));
    assert.equal(asked, [expected], version);
  }
});

driver("where Node's own can not be loaded, or is not what it should be, the package is taken", async () => {
  for (const builtIn of [new Error('No such built-in module'), { DatabaseSync: 'text' }, {}, null, undefined]) {
    const { asked, load } = loader({ 'node:sqlite': builtIn, '@photostructure/sqlite': { DatabaseSync } });
    assert.equal(await findDriver(load, '24.0.0'), E.right(DatabaseSync));
    assert.equal(asked, ['node:sqlite', '@photostructure/sqlite']);
  }
});

driver('a missing driver is a failure with the command that installs one', async () => {
  const { load } = loader({ '@photostructure/sqlite': new Error('Cannot find package') });
  const found = await findDriver(load, '20.0.0');
  if (E.isRight(found) || found.left.kind !== 'unavailable') return assert.unreachable();
  assert.is(found.left.failure.code, 'StoreUnavailableError');
  assert.match(found.left.failure.message, /Run `npm install @photostructure\/sqlite`, or use Node 22\.13 or later/);
  assert.match(found.left.failure.message, /\(@photostructure\/sqlite: Cannot find package\)/);
});

driver('a store without a driver answers its open with the command, and not with a crash', async () => {
  const path = fileURLToPath(new URL('./driverless-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.match(said, /No SQLite driver could be loaded\. Run `npm install @photostructure\/sqlite`/);
  assert.match(said, /is not installed here/);
});

driver('the driver of this machine is found', async () => {
  assert.ok(E.isRight(await findDriver()));
});

driver('a reading connection is asked for in the words of its driver', () => {
  class BetterSqlite3 extends DatabaseSync {
    pragma(): void {}
  }
  const opened = (Driver: unknown, readOnly: boolean) => connect(Driver as SqliteConstructor, 'file.db', readOnly);
  assert.equal({ ...opened(DatabaseSync, false) }, { path: 'file.db', options: undefined });
  assert.equal({ ...opened(DatabaseSync, true) }, { path: 'file.db', options: { readOnly: true } });
  assert.equal({ ...opened(BetterSqlite3, true) }, { path: 'file.db', options: { readonly: true } });
});

driver('the result code is read from the errors of each driver', () => {
  assert.is(resultCode(Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 5 })), 'BUSY');
  assert.is(resultCode(Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 0x20a })), 'IOERR');
  assert.is(resultCode(Object.assign(new Error(), { code: 'SQLITE_BUSY_SNAPSHOT' })), 'BUSY');
  assert.is(resultCode(Object.assign(new Error(), { code: 'SQLITE_FULL' })), 'FULL');
  assert.is(resultCode(Object.assign(new Error(), { code: 'ENOENT' })), undefined);
  assert.is(resultCode(Object.assign(new Error(), { errcode: 'text', code: 7 })), undefined);
  assert.is(resultCode(new Error('no code')), undefined);
  for (const thrown of [null, undefined, 'text', 5]) assert.is(resultCode(thrown), undefined);
});

driver('what a driver threw is told with the file, and with a remedy where there is one', () => {
  const messageFor = (thrown: unknown): string => {
    const answer = explain(thrown, 'x.db');
    return E.isLeft(answer) && answer.left.kind === 'unavailable' ? answer.left.failure.message : 'another answer';
  };
  assert.match(messageFor(Object.assign(new Error('full'), { errcode: 13 })), /x\.db: full\. Make room/);
  assert.match(messageFor(new Error('odd')), /x\.db: odd\.$/);
  assert.match(messageFor('odd'), /x\.db: odd\.$/);
});

driver.run();
