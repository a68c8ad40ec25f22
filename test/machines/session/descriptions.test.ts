/** What the states say of themselves: the inspector and docs/lifecycle.md show it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyStateNode } from 'xstate';
import { sessionMachine } from '../../../machines/session/session.machine.js';

const descriptions = suite('descriptions');

const below = (node: AnyStateNode): readonly AnyStateNode[] => Object.values(node.states).flatMap((child) => [child, ...below(child)]);
const states = below(sessionMachine.root);

descriptions('every state says in a sentence what it is', () => {
  for (const { id, description } of states) assert.match(description ?? '', /^[A-Z].{20,}\.$/, id);
});

descriptions('no two states say the same, but those of a start and of a lost session that go by the same name', () => {
  const said = new Map(states.map(({ key, description }) => [description, key]));
  for (const { key, description } of states) assert.is(said.get(description), key);
});

descriptions.run();
