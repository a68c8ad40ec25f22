/** Between two lanes, in characters: room for an arrow. */
const gapMin = 9;

/** What is drawn in a row: something at one lane, or an arrow from one to another. */
export type Drawn =
  | { readonly lane: number }
  | { readonly from: number; readonly to: number; readonly how: 'at once' | 'leaves' | 'arrives' };

/** Where each lane is, by its name's width. */
export const centresOf = (names: readonly string[]): readonly number[] => {
  let next = 0;
  return names.map((name) => {
    const centre = next;
    next += Math.max(gapMin, name.length + 2);
    return centre;
  });
};

/** An arrow; within one lane it is a point. */
export const crossing = (from: number, to: number, how: 'at once' | 'leaves' | 'arrives'): Drawn =>
  from === to ? { lane: from } : { from, to, how };

/** One line of a diagram: its lanes, what is drawn over them, and what is said of it behind them. */
export const row = (centres: readonly number[], drawn: Drawn | null, text: string): string => {
  const width = (centres.at(-1) ?? 0) + 1;
  const cells = Array<string>(width).fill(' ');
  for (const centre of centres) cells[centre] = '│';
  const put = (at: number, cell: string): void => {
    cells[at] = cell;
  };
  if (drawn !== null && 'lane' in drawn) put(centres[drawn.lane] ?? 0, '●');
  else if (drawn !== null) {
    const [from, to] = [centres[drawn.from] ?? 0, centres[drawn.to] ?? 0];
    for (let at = Math.min(from, to) + 1; at < Math.max(from, to); at += 1)
      put(at, cells[at] === '│' ? '┼' : drawn.how === 'at once' ? '─' : '╌');
    if (drawn.how !== 'arrives') put(from, '●');
    if (drawn.how !== 'leaves') put(to, to > from ? '▶' : '◀');
  }
  return `${cells.join('')}  ${text}`;
};
