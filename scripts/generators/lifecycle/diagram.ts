/** The session machine as Mermaid state diagrams: one of the whole, and one of the inside of each state that has parts. */
import { initial, initialOf, type StateRow, states, type Way } from './graph.js';

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly words: string;
}

const groupOf = (path: string): string => path.split('.')[0] as string;
const leafOf = (path: string): string => path.split('.').at(-1) as string;
/** Mermaid's names of states are global and have no dots. */
const idOf = (path: string): string => path.replace('.', '_');
const named = (path: string): string => `state "${leafOf(path)}" as ${idOf(path)}`;

const grouped = <A>(items: readonly A[], keyOf: (item: A) => string): readonly (readonly [string, readonly A[]])[] => {
  const groups = new Map<string, A[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
};

/** Seen from afar: where an event leads into the same state whatever its condition, the condition is left out. */
const fromAfar = (from: string, ways: readonly Way[]): readonly Edge[] =>
  grouped(ways, ({ event }) => event).flatMap(([event, choices]) => {
    const targets = grouped(choices, ({ to }) => (to === null ? from : groupOf(to)));
    return targets.map(([to, some]) => {
      const words = some.find((way) => way.words === 'otherwise')?.words ?? some[0]?.words ?? '';
      return { from, to, event, words: targets.length === 1 && choices.length > 1 ? '' : words };
    });
  });

/** From near by: inside the group to the state itself, out of it to the group that it leads to. */
const fromNearBy = (from: string, ways: readonly Way[]): readonly Edge[] =>
  ways.flatMap(({ event, words, to }) =>
    to === null ? [] : [{ from: idOf(from), to: groupOf(to) === groupOf(from) ? idOf(to) : groupOf(to), event, words }],
  );

/** One arrow for all that leads from one state to another, and one line on it for all events of one condition. */
const arrows = (edges: readonly Edge[]): readonly string[] =>
  grouped(edges, ({ from, to }) => `${from} --> ${to}`).map(([arrow, all]) => {
    const lines = grouped(all, ({ words }) => words).map(([words, some]) => {
      const events = [...new Set(some.map(({ event }) => event))].join(' or ');
      return words === '' ? events : `${events} (${words})`;
    });
    return `${arrow} : ${lines.join('<br/>')}`;
  });

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
const text = (lines: readonly string[]): string => ['stateDiagram-v2', ...indented(lines)].join('\n');

/** The whole lifecycle, with each group as one state. */
export const overview = (): string => {
  const edges = states.flatMap((row) => [row, ...row.inner].flatMap(({ ways }) => fromAfar(row.path, ways)));
  return text([...states.map(({ path }) => named(path)), `[*] --> ${initial}`, ...arrows(edges.filter(({ from, to }) => from !== to))]);
};

/** The inside of one group, and what leads out of it. */
export const inside = (row: StateRow): string => {
  const edges = [...row.inner, row].flatMap(({ path, ways }) => fromNearBy(path, ways));
  const within = (edge: Edge): boolean => [edge.from, edge.to].every((id) => id.startsWith(`${row.path}_`));
  return text([
    `state ${row.path} {`,
    ...indented([...row.inner.map(({ path }) => named(path)), `[*] --> ${idOf(initialOf(row.path))}`, ...arrows(edges.filter(within))]),
    '}',
    ...arrows(edges.filter((edge) => !within(edge))),
  ]);
};
