/** [R39] How much text each item of a batch is counted as, where its own length is gone with the text that JSON.parse read. */
import { itemOverheadMax } from './limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Replies and volatile messages may be large and take no credit: their text must not be counted as that of the messages beside them. */
const isApart = (frame: unknown): boolean => Array.isArray(frame) && (frame[0] === 'r' || frame[0] === 'v');

/** The length of the frames that are apart, in a text that is known to be JSON. A loop over characters: deep nesting costs no stack. */
const lengthApart = (text: string, batch: readonly unknown[]): number => {
  let length = 0;
  let depth = 0;
  let start = 0;
  let index = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth++;
      if (depth === 2) start = i;
    } else if (unit === 0x5d || unit === 0x7d) {
      if (depth === 2) {
        if (isApart(batch[index])) length += i + 1 - start;
        index++;
      }
      depth--;
    }
  }
  return length;
};

export interface Shares {
  /** For a reply. */
  readonly apart: number;
  /** For everything else. */
  readonly other: number;
}

/**
 * An equal share of the batch's text, rounded up; where large replies go with messages, an equal share of the text of either. The text is searched only then: below
 * `itemOverheadMax` a share is within what a receiver allows for brackets and types.
 */
export const sharesOf = (text: string, batch: readonly unknown[]): Shares => {
  const equal = Math.ceil(text.length / batch.length);
  if (equal <= itemOverheadMax) return { apart: equal, other: equal };
  const count = batch.filter(isApart).length;
  if (count === 0 || count === batch.length) return { apart: equal, other: equal };
  const length = lengthApart(text, batch);
  return { apart: Math.ceil(length / count), other: Math.ceil((text.length - length) / (batch.length - count)) };
};
