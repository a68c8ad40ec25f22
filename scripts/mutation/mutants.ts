/** A mutant as this command speaks of it: by the code around it, since lines move. */

/** What Stryker tells of a mutant when it is done; lines and columns count from 1. */
export interface TestedMutant {
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** What names a mutant in test/mutation/survivors: its file, the line where it begins, what is taken out, what stands there instead. */
export interface Named {
  readonly file: string;
  readonly line: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutant extends Named {
  readonly status: string;
  /** Where it begins; the first line is 1. */
  readonly lineNumber: number;
  /** What is taken out and what stands there instead, as they are. */
  readonly cut: string;
  readonly put: string;
}

/** Longer texts are named by their beginning, in characters. */
const NAMED_MAX = 100;

const squeezed = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > NAMED_MAX ? `${line.slice(0, NAMED_MAX)}...` : line;
};

const between = (lines: readonly string[], { start, end }: TestedMutant['location']): string =>
  lines
    .slice(start.line - 1, end.line)
    .map((line, i, all) => line.slice(i === 0 ? start.column - 1 : 0, i === all.length - 1 ? end.column - 1 : line.length))
    .join('\n');

export const mutantOf = (tested: TestedMutant, file: string, text: string): Mutant => {
  const lines = text.split('\n');
  const cut = between(lines, tested.location);
  const line = lines[tested.location.start.line - 1] ?? '';
  return {
    file,
    line: squeezed(line),
    from: squeezed(cut),
    to: squeezed(tested.replacement),
    status: tested.status,
    lineNumber: tested.location.start.line,
    cut,
    put: tested.replacement,
  };
};

/** The same for all mutants that the list can not tell apart. */
export const nameOf = ({ file, line, from, to }: Named): string => JSON.stringify([file, line, from, to]);
