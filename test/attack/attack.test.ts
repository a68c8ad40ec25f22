/** A short cut of `npm run attack`: small attacks on one server, one after the other. No times and no memory are judged. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attacks } from './attacks.js';
import { type Attacker, startAttacker } from './child.js';
import { attacksFileOf, attacksTable, attackText } from './report.js';
import { type AttackResult, openScene, runAttack, type Scene } from './run-attack.js';

/** These take more seconds than the others together: they wait for silence, or fill what is large. */
const slow: readonly string[] = ['never-reads', 'requests-unanswered', 'lost-sessions'];

const attack = suite('a server that is attacked');
const results: AttackResult[] = [];
let scene: Scene;
let attacker: Attacker;

attack.before(async () => {
  [scene, attacker] = await Promise.all([openScene('small'), startAttacker()]);
});
attack.after(async () => {
  await Promise.all([scene.close(), attacker.close()]);
});

for (const one of attacks.filter(({ name }) => !slow.includes(name)))
  attack(`lives, serves nobody whom it should not, and its other sessions notice nothing: ${one.what}`, async () => {
    const own = one.options === undefined ? null : await openScene('small', one.options);
    const result = await runAttack(one, attacker, own ?? scene, { scale: 'small', measured: false }).finally(() => own?.close());
    results.push(result);
    assert.ok(result.ok, attackText(result));
  });

attack.run();

const table = suite('the table of attacks');

table('has a row for each, and says where one was not stopped', () => {
  const [first] = results;
  assert.ok(first);
  const rows = attacksTable(attacksFileOf([first, { ...first, name: 'other', ok: false }]))
    .split('\n')
    .slice(2);
  assert.is(rows.length, 2);
  assert.not.match(rows[0] ?? '', 'not stopped');
  assert.match(rows[1] ?? '', '**not stopped:**');
});

table('keeps the rows of attacks that a run left out', () => {
  const [first] = results;
  assert.ok(first);
  const before = attacksFileOf([first, { ...first, name: 'other' }]);
  assert.equal(
    attacksFileOf([{ ...first, ok: false }], before).map(({ name, ok }) => [name, ok]),
    [
      [first.name, false],
      ['other', true],
    ],
  );
});

table.run();
