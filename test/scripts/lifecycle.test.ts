import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { emittedTypes } from '../../machines/session/public.js';
import { sessionMachine } from '../../machines/session/session.machine.js';
import { inside, overview } from '../../scripts/generators/lifecycle/diagram.js';
import { states } from '../../scripts/generators/lifecycle/graph.js';
import { members } from '../../scripts/generators/lifecycle/vocabulary.js';
import { lifecycle } from '../../scripts/generators/lifecycle.js';

const page = suite('docs/lifecycle.md');
const text = lifecycle.generate();
const [, stateTable = ''] = text.split('## States');

page('every state of the machine has a row with its meaning', () => {
  for (const { path, meaning, inner } of states.flatMap((state) => [state, ...state.inner])) {
    assert.ok(stateTable.includes(`| \`${path}\` | ${meaning} |`), path);
    assert.ok(inner.length === 0 || text.includes(`### ${path}\n`), path);
  }
});

page('every event of the machine has a row with its doc, and every delay its length', () => {
  const documented = [...members('Command'), ...members('Fact')];
  const known = sessionMachine.events.filter((type) => !type.startsWith('xstate.after.'));
  assert.equal(documented.map(([type]) => type).sort(), [...known].sort());
  for (const [type, doc] of documented) assert.ok(text.includes(`| \`${type}\` |`) && text.includes(doc), type);
  for (const type of sessionMachine.events.filter((each) => !known.includes(each)))
    assert.ok(text.includes(`| \`${type.split('.')[2]}\` |`), type);
});

page('every emitted event has a row, and a transition that says it', () => {
  assert.equal(
    members('Emitted').map(([type]) => type),
    [...emittedTypes],
  );
  for (const type of emittedTypes) assert.ok(stateTable.includes(`(emits \`${type}\`)`), type);
});

page('every transition that leads to another state is an arrow of a diagram', () => {
  const diagrams = [overview(), ...states.filter(({ inner }) => inner.length > 0).map(inside)].join('\n');
  for (const { path, ways } of states.flatMap((state) => [state, ...state.inner]))
    for (const { to, event } of ways.filter((way) => way.to !== null && way.to !== path)) {
      const [from = '', target = ''] = [path, to ?? ''].map((each) => each.replace('.', '_'));
      const arrow = diagrams.split('\n').find((line) => {
        const [ends = '', label = ''] = line.trim().split(' : ');
        const [a, b] = ends.split(' --> ');
        return a === from && (b === target || b === target.split('_')[0]) && label.includes(event);
      });
      assert.ok(arrow, `${path} by ${event} to ${to}`);
    }
});

page.run();
