import { isSpan } from './room.js';

/** How a message is sent. */
export interface SendOptions {
  /**
   * How long it is worth handling, in milliseconds from now; more than a day counts as a day. Past it, it is dropped where it was not shipped, and not
   * handled where it was: `confirmed` says `expired`.
   */
  readonly ttlMs?: number;
  /**
   * Takes the place of a message of the same type and key that was not shipped yet, whose `confirmed` says `replaced`. It goes behind all that was
   * sent before it. What is shipped already is never replaced.
   */
  readonly replaceKey?: string;
  /**
   * Only now, or never: it is dropped where there is no link, or where the link is behind, and it is kept, confirmed and repeated by nobody. It overtakes
   * messages that wait. `confirmed` says `unknown` at once. The other two options mean nothing for it.
   */
  readonly volatile?: boolean;
}

/** Which option can not be used; null: all can. */
export const problemOf = ({ ttlMs, replaceKey, volatile }: SendOptions): keyof SendOptions | null => {
  if (!isSpan(ttlMs)) return 'ttlMs';
  if (replaceKey !== undefined && typeof replaceKey !== 'string') return 'replaceKey';
  return volatile === undefined || typeof volatile === 'boolean' ? null : 'volatile';
};
