import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rowsOf, storedText } from '../../../../adapters/stores/sqlite/rows.js';
import { type Migration, migrate, migrations, requireNewest, versionOf } from '../../../../adapters/stores/sqlite/schema.js';
import type { SqliteDatabase } from '../../../../adapters/stores/sqlite.js';
import { DatabaseSync } from './scratch.js';

const schema = suite('sqlite schema');
const rows = rowsOf('x.db');

const steps: readonly Migration[] = [
  { version: 1, sql: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL); CREATE TABLE toy (a); INSERT INTO toy VALUES (1)' },
  { version: 2, sql: 'ALTER TABLE toy ADD COLUMN b; UPDATE toy SET b = a + 1' },
  { version: 3, sql: 'UPDATE toy SET b = b * 10' },
];

const toy = (db: SqliteDatabase) =>
  db
    .prepare('SELECT * FROM toy')
    .all()
    .map((row) => Object.assign({}, row));

schema('the versions count up from 1 without a gap', () => {
  assert.equal(
    migrations.map(({ version }) => version),
    migrations.map((_, index) => index + 1),
  );
});

schema('a new file takes all steps in order, and takes none again', () => {
  const db = new DatabaseSync(':memory:');
  assert.equal(versionOf(db, rows, 'x.db'), E.right(0));
  for (let time = 0; time < 2; time += 1) {
    assert.ok(E.isRight(migrate(db, rows, 'x.db', steps)));
    assert.equal(toy(db), [{ a: 1, b: 20 }]);
    assert.equal(versionOf(db, rows, 'x.db', 3), E.right(3));
  }
  db.close();
});

schema('an older file takes the steps that it lacks', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, rows, 'x.db', steps.slice(0, 1));
  assert.equal(toy(db), [{ a: 1 }]);
  migrate(db, rows, 'x.db', steps);
  assert.equal(toy(db), [{ a: 1, b: 20 }]);
  db.close();
});

schema('a newer file is refused, and a reader refuses an older one too', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, rows, 'x.db', steps.slice(0, 2));
  assert.ok(E.isLeft(migrate(db, rows, 'x.db', steps.slice(0, 1))));
  assert.ok(E.isLeft(requireNewest(db, rows, 'x.db', steps.slice(0, 1))));
  assert.ok(E.isRight(requireNewest(db, rows, 'x.db', steps.slice(0, 2))));
  const older = requireNewest(db, rows, 'x.db', steps);
  assert.match(JSON.stringify(older), /schema version is 2, and this ninelives reads version 3\. Start the server of this version once/);
  db.close();
});

schema('a text is stored as it is, unless a driver would change it', () => {
  for (const [text, stored] of [
    ['jane 🐈 "quoted"\n', 'jane 🐈 "quoted"\n'],
    ['a\0b', 'a\\u0000b'],
    ['a\ud800', 'a\\ud800'],
    ['C:\\u0000', 'C:\\\\u0000'],
  ] as const)
    assert.is(storedText(text), stored);
});

schema.run();
