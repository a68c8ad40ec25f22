import Table from 'cli-table3';
import { type Palette, printable } from '../text.js';

export interface Column<Row> {
  readonly title: string;
  /** Made printable here: it may hold a stranger's text. */
  cell(row: Row): string;
  /** What the column keeps when the table does not fit, in characters. Absent: it is never made narrower. */
  readonly widthMin?: number;
}

/** Between two columns. */
const GAP = '  ';

const edges = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];
const chars = { ...Object.fromEntries(edges.map((edge) => [edge, ''])), middle: GAP };

const draw = (head: readonly string[], rows: readonly (readonly string[])[], colWidths?: readonly number[]) => {
  const table = new Table({
    head: [...head],
    chars,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    ...(colWidths === undefined ? {} : { colWidths: [...colWidths] }),
  });
  table.push(...rows.map((row) => [...row]));
  return { text: table.toString(), widths: table.options.colWidths.map(Number) };
};

/** Take what is too much from the widest column that can give it, a character at a time. */
const fit = (widths: readonly number[], minima: readonly number[], widthMax: number): readonly number[] => {
  const fitted = [...widths];
  const total = (): number => fitted.reduce((sum, width) => sum + width, 0) + GAP.length * (fitted.length - 1);
  while (total() > widthMax) {
    const spare = fitted.map((width, index) => (width > (minima[index] ?? width) ? width : 0));
    const widest = Math.max(...spare);
    // Nothing can be made narrower: a table that wraps still says more than one that is cut.
    if (widest === 0) return fitted;
    const at = spare.indexOf(widest);
    fitted[at] = widest - 1;
  }
  return fitted;
};

/** Rows as a table of at most `widthMax` characters a line, where that can be; without a limit, nothing is cut. */
export const tableOf = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  widthMax: number | undefined,
  { strong }: Palette,
): string => {
  const head = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))));
  const natural = draw(head, cells);
  const minima = columns.map(({ widthMin }, index) => widthMin ?? natural.widths[index] ?? 0);
  const { text } = widthMax === undefined ? natural : draw(head, cells, fit(natural.widths, minima, widthMax));
  const [first = '', ...others] = text.split('\n').map((line) => line.trimEnd());
  return `${[strong(first), ...others].join('\n')}\n`;
};
