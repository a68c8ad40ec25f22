import Table from 'cli-table3';
import { type Palette, printable } from '../text.js';

export interface Column<Row> {
  readonly title: string;
  /** Made printable here: it may hold a stranger's text. */
  cell(row: Row): string;
  /** What the column keeps when the table does not fit, in characters. Absent: it is never made narrower. */
  readonly widthMin?: number;
  /** Where the least widths do not fit, columns are left out, the lowest first. Absent: it stays. */
  readonly yields?: number;
}

export interface DrawnTable {
  readonly text: string;
  /** The titles of the columns that there was no room for. */
  readonly leftOut: readonly string[];
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

const totalOf = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);

/** Take what is too much from the widest column that can give it, a character at a time. */
const fit = (widths: readonly number[], minima: readonly number[], widthMax: number): readonly number[] => {
  const fitted = [...widths];
  while (totalOf(fitted) > widthMax) {
    const spare = fitted.map((width, index) => (width > (minima[index] ?? width) ? width : 0));
    const widest = Math.max(...spare);
    // Nothing can be made narrower: a table that wraps still says more than none.
    if (widest === 0) return fitted;
    fitted[spare.indexOf(widest)] = widest - 1;
  }
  return fitted;
};

/** Rows as a table of at most `widthMax` characters a line, where that can be; without a limit, nothing is cut or left out. */
export const tableOf = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  widthMax: number | undefined,
  palette: Palette,
): DrawnTable => {
  const head = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))));
  const natural = draw(head, cells);
  const minima = columns.map(({ widthMin }, index) => Math.min(widthMin ?? Number.POSITIVE_INFINITY, natural.widths[index] ?? 0));
  if (widthMax !== undefined && totalOf(minima) > widthMax) {
    const first = columns.filter(({ yields }) => yields !== undefined).sort((a, b) => (a.yields ?? 0) - (b.yields ?? 0))[0];
    if (first !== undefined) {
      const { text, leftOut } = tableOf(
        columns.filter((column) => column !== first),
        rows,
        widthMax,
        palette,
      );
      return { text, leftOut: [first.title, ...leftOut] };
    }
  }
  const { text } = widthMax === undefined ? natural : draw(head, cells, fit(natural.widths, minima, widthMax));
  const [titles = '', ...lines] = text.split('\n').map((line) => line.trimEnd());
  return { text: `${[palette.strong(titles), ...lines].join('\n')}\n`, leftOut: [] };
};
