import type { Page } from '../../../machines/ports/store.js';
import type { Io } from '../io.js';
import { count, paletteOf, wantsColor } from '../text.js';
import { type Column, tableOf } from './table.js';

/** What a list is asked for. Pages are counted from 1 here, as people do; the store counts from 0. */
export interface ListFlags {
  readonly page: number;
  readonly size: number;
  readonly json: boolean;
}

export interface ListOf<Row> {
  readonly one: string;
  readonly columns: readonly Column<Row>[];
  /** A row for JSON. */
  toJson(row: Row): object;
  /** What to say where there are none at all. */
  readonly none: string;
}

/** Print one page, as a table or as JSON. */
export const printPage = <Row>(io: Io, list: ListOf<Row>, { page, size, json }: ListFlags, found: Page<Row>): void => {
  if (json) {
    const text = JSON.stringify({ page, size, total: found.total, items: found.items.map(list.toJson) }, null, 2);
    io.stdout.write(`${text}\n`);
    return;
  }
  const palette = paletteOf(wantsColor(io.stdout, io.env));
  const pages = Math.max(1, Math.ceil(found.total / size));
  if (found.total === 0) io.stdout.write(`${list.none}\n`);
  else if (found.items.length === 0)
    io.stdout.write(`There is no page ${page}: ${count(found.total, list.one)} fill ${count(pages, 'page')}.\n`);
  else {
    const widthMax = io.stdout.isTTY === true ? io.stdout.columns : undefined;
    const { text, leftOut } = tableOf(list.columns, found.items, widthMax, palette);
    io.stdout.write(text);
    const next = page < pages ? `; --page ${page + 1} has the next` : '';
    const which = pages === 1 ? '' : `, page ${page} of ${pages}${next}`;
    const without = leftOut.length === 0 ? '' : `. No room here for ${leftOut.join(', ')}; --json has all`;
    io.stdout.write(`\n${palette.faint(`${count(found.total, list.one)}${which}${without}`)}\n`);
  }
};
