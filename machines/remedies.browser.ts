/** What takes the place of remedies.ts in a bundle for browsers: where its sentences are. */
import type { ReasonCode } from './reasons.js';

/** Where the remedy for a reason is written down. */
export const remedyOf = (code: ReasonCode): string => `See ${code} in docs/errors.md.`;
