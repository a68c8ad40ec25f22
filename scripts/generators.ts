/** Every page that is generated, or has a part that is. To add one, add a line; `npm run check` then fails where the page is stale. */
import { capacity } from './generators/capacity.js';
import { errorsPage } from './generators/errors.js';
import { lifecycle } from './generators/lifecycle.js';
import { protocolReasons } from './generators/protocol-reasons.js';
import { securityAttacks } from './generators/security-attacks.js';
import { semantics } from './generators/semantics.js';

/** A generated file. */
export interface Generator {
  /** Relative to the repository. */
  readonly path: string;
  /** The whole text the file should have. */
  generate(): string | Promise<string>;
}

export const generators: readonly Generator[] = [
  { path: 'docs/errors.md', generate: errorsPage },
  lifecycle,
  protocolReasons,
  semantics,
  securityAttacks,
  capacity,
];
