import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admissionOf, admit, given, NOW, unavailable } from '../../../../adapters/contracts/store/with.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';
import { DatabaseSync, query, tamper, withDirectory } from './scratch.js';

const beside = suite('a second store on one file');

beside(
  'a reader sees what the writer has committed, and neither ends, counts nor writes anything',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const writer = sqlite(file);
    const reader = sqlite(file, { readOnly: true });
    await given(writer.open({ now: NOW }));
    await admit(writer, 's1');
    await given(writer.setPresence({ id: 1, presence: { online: true } }));
    assert.equal(await given(reader.open({ now: NOW + 1 })), { incarnation: 1, expired: 0 });
    await admit(writer, 's2');
    assert.equal(
      (await given(reader.listSessions({ state: 'ACTIVE', page: 0, size: 10 }))).items.map(({ id }) => id),
      ['s2', 's1'],
    );
    assert.is((await given(reader.findUser({ name: 'jane' })))?.presence.online, true);
    assert.is((await given(reader.findSession('s1')))?.state, 'ACTIVE');
    assert.is((await given(reader.listUsers({ page: 0, size: 10 }))).total, 1);
    for (const task of [
      reader.admit(admissionOf('s3')),
      reader.endSession({ id: 's1', reason: 'ended', now: NOW }),
      reader.forgetSession('s1'),
      reader.createUser({ name: 'joe', profile: {} }),
      reader.updateUser({ id: 1, profile: {} }),
      reader.setPresence({ id: 1, presence: {} }),
    ])
      assert.match(await unavailable(task), /is open for reading only/);
    await given(reader.close());
    assert.is((await given(writer.findSession('s1')))?.state, 'ACTIVE');
    await given(writer.close());
    assert.is((await given(writer.open({ now: NOW }))).incarnation, 2);
    await given(writer.close());
  }),
);

beside(
  'a reader reads a file whose server is not running',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const writer = sqlite(file);
    await given(writer.open({ now: NOW }));
    await admit(writer, 's1');
    await given(writer.close());
    const reader = sqlite(file, { readOnly: true });
    await given(reader.open({ now: NOW }));
    assert.is((await given(reader.findSession('s1')))?.state, 'ACTIVE');
    await given(reader.close());
  }),
);

beside(
  'what was acknowledged before close is in the file though a reader keeps it open',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const writer = sqlite(file);
    const reader = sqlite(file, { readOnly: true });
    await given(writer.open({ now: NOW }));
    await given(reader.open({ now: NOW }));
    await admit(writer, 's1');
    await given(writer.close());
    const withoutLog = join(directory, 'copy.db');
    await copyFile(file, withoutLog);
    assert.equal(query(withoutLog, 'SELECT id FROM sessions'), [{ id: 's1' }]);
    await given(reader.close());
  }),
);

beside(
  'a reader needs a file that a server of this version has used',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const open = () => unavailable(sqlite(file, { readOnly: true }).open({ now: NOW }));
    assert.match(await open(), /there is no store to read .*Start a server with it first/);
    tamper(file, 'PRAGMA user_version = 0');
    assert.match(await open(), /no server has used this file yet/);
    tamper(file, 'CREATE TABLE diary (entry TEXT)');
    assert.match(await open(), /SQLite database of another program/);
    assert.match(await unavailable(sqlite(':memory:', { readOnly: true }).open({ now: NOW })), /there is no store to read/);
  }),
);

beside(
  'a second writer is refused with the first one named, until that one is closed',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const [first, second] = [sqlite(file), sqlite(file)];
    await given(first.open({ now: NOW }));
    await admit(first, 's1');
    const message = await unavailable(second.open({ now: NOW }));
    assert.match(message, new RegExp(`another server writes this file \\(process ${process.pid} on .+, since 2027-01-15T08:00:00.000Z\\)`));
    assert.is((await given(first.findSession('s1')))?.state, 'ACTIVE');
    await given(first.close());
    assert.equal(await given(second.open({ now: NOW })), { incarnation: 2, expired: 1 });
    await given(second.close());
  }),
);

beside(
  'a second writer is refused also where the first has not said yet who it is',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const lock = new DatabaseSync(`${file}-writer`);
    lock.exec('BEGIN IMMEDIATE');
    assert.match(await unavailable(sqlite(file).open({ now: NOW })), /another server writes this file \(it has not said who it is yet\)/);
    lock.close();
    const first = sqlite(file);
    await given(first.open({ now: NOW }));
    tamper(file, "DELETE FROM meta WHERE key = 'writer'");
    assert.match(await unavailable(sqlite(file).open({ now: NOW })), /\(it has not said who it is yet\)/);
    await given(first.close());
  }),
);

beside(
  'where the lock could not help, a writer whose file was taken over reads on and writes no more',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const databases = [new DatabaseSync(file), new DatabaseSync(file)] as const;
    const [first, second] = [sqlite(file, { driver: databases[0] }), sqlite(file, { driver: databases[1] })];
    await given(first.open({ now: NOW }));
    await admit(first, 's1');
    await given(second.open({ now: NOW }));
    assert.match(await unavailable(first.admit(admissionOf('s2'))), /another server became the writer of this file/);
    assert.is((await given(first.findSession('s1')))?.endReason, 'expired');
    assert.is(await given(second.findSession('s2')), null);
    await given(first.close());
    await given(second.close());
    for (const db of databases) db.close();
  }),
);

beside.run();
