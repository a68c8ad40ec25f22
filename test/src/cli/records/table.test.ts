import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Column, tableOf } from '../../../../src/cli/records/table.js';
import { paletteOf } from '../../../../src/cli/text.js';

const table = suite('a table of the command line');

interface Row {
  readonly id: string;
  readonly name: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, widthMin: 6 },
];
const draw = (rows: readonly Row[], widthMax?: number) => tableOf(columns, rows, widthMax, paletteOf(false)).text;

table('stands in columns, without trailing blanks', () => {
  assert.is(
    draw([
      { id: 'a1', name: 'jane' },
      { id: 'b22', name: 'joe' },
    ]),
    'ID   NAME\na1   jane\nb22  joe\n',
  );
});

table('is made to fit the terminal by the columns that can give way', () => {
  const rows = [{ id: 'a'.repeat(22), name: 'n'.repeat(100) }];
  for (const width of [40, 60, 80]) for (const line of draw(rows, width).split('\n')) assert.ok(line.length <= width, line);
  assert.match(draw(rows, 40), 'a'.repeat(22));
  assert.match(draw(rows, 40), '…');
});

table('is not cut where there is no terminal, nor below the least width of a column', () => {
  const rows = [{ id: 'a'.repeat(22), name: 'n'.repeat(100) }];
  assert.match(draw(rows), 'n'.repeat(100));
  assert.match(draw(rows, 10), `${'a'.repeat(22)}  nnnnn…`);
});

table('leaves out columns where not even the least widths fit, and names them', () => {
  const wide: readonly Column<Row>[] = [
    ...columns,
    { title: 'LATE', cell: () => 'l'.repeat(20), yields: 2 },
    { title: 'EARLY', cell: () => 'e'.repeat(20), widthMin: 10, yields: 1 },
  ];
  const rows = [{ id: 'a1', name: 'jane' }];
  const drawn = (widthMax: number) => tableOf(wide, rows, widthMax, paletteOf(false));
  assert.equal(drawn(80).leftOut, []);
  assert.equal(drawn(42).leftOut, []);
  assert.match(drawn(42).text, 'eeeeeeeee…');
  assert.equal(drawn(39).leftOut, ['EARLY']);
  assert.equal(drawn(20), { text: 'ID  NAME\na1  jane\n', leftOut: ['EARLY', 'LATE'] });
});

table('counts wide characters as what they take', () => {
  assert.is(draw([{ id: '日本', name: 'x' }]), 'ID    NAME\n日本  x\n');
});

table("shows a stranger's text without its power over the terminal", () => {
  const text = draw([{ id: '1', name: 'a\u001b[2Jb\nc\u202ed' }]);
  assert.is(text, 'ID  NAME\n1   a\ufffd[2Jb c\ufffdd\n');
});

table.run();
