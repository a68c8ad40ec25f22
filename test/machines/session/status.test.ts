import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SnapshotFrom } from 'xstate';
import { type SessionMachine, sessionMachine } from '../../../machines/session/session.machine.js';
import { type StatusView, statusOf } from '../../../machines/session/status.js';

type Value = SnapshotFrom<SessionMachine>['value'];
type Name = Value extends infer V ? (V extends string ? V : { [K in keyof V]: `${K & string}.${V[K] & string}` }[keyof V]) : never;

/** What the app sees of each state of the machine. A state that is missing here, or one too many, does not compile. */
const views: Readonly<Record<Name, string>> = {
  idle: 'idle',
  'starting.connecting': 'connecting/connecting',
  'starting.authenticating': 'authenticating/authenticating',
  'starting.waiting': 'connecting/waiting',
  'starting.offline': 'connecting/offline',
  'active.healthy': 'active/healthy',
  'active.suspect': 'active/suspect',
  'lost.connecting': 'lost/connecting',
  'lost.authenticating': 'lost/authenticating',
  'lost.waiting': 'lost/waiting',
  'lost.offline': 'lost/offline',
  ending: 'ending',
  ended: 'ended',
};

const status = suite('the public status');

/** Every state of the machine's definition, as a value. */
const values = Object.values(sessionMachine.root.states).flatMap((node): Value[] => {
  const inner = Object.keys(node.states);
  return (inner.length === 0 ? [node.key] : inner.map((key) => ({ [node.key]: key }))) as Value[];
});
const nameOf = (value: Value) => (typeof value === 'string' ? value : (Object.entries(value).flat().join('.') as Name));
const inOneWord = ({ status, substate }: StatusView) => (substate === null ? status : `${status}/${substate}`);

status('each state of the machine has one', () => {
  assert.equal(Object.fromEntries(values.map((value) => [nameOf(value), inOneWord(statusOf(value))])), views);
});

status('a state that it does not know is an error that names the state', () => {
  assert.throws(() => statusOf({ paused: 'twice' } as unknown as Value), /does not know: \{"paused":"twice"\}/);
});

status.run();
