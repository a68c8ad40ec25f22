/** docs/semantics.md, from the results of the fault runs. */
import { readFileSync } from 'node:fs';
import { resultsFile, type SemanticsFile, semanticsPage } from '../../test/faults/semantics.js';
import type { Generator } from '../generators.js';

export const semantics: Generator = {
  path: 'docs/semantics.md',
  generate: () => semanticsPage(JSON.parse(readFileSync(resultsFile, 'utf8')) as SemanticsFile),
};
