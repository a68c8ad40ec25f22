/** Is a text nested deeper than any batch may be? Asked before it is parsed: a megabyte of brackets would cost a tenth of a second, and a hundred megabytes. */
import { payloadDepthMax } from './limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A payload, in a frame, in a batch. */
const depthMax = payloadDepthMax + 2;
/** Below this length, in UTF-16 code units, it is not looked for: parsing what is as deep as such a text can be takes some milliseconds, as the text's own handling may. */
const lengthMin = 65_536;

/**
 * True where a long text opens more brackets than may be open at once. What is no JSON gets any answer.
 *
 *     isTooDeep('['.repeat(100_000)); // true
 */
export const isTooDeep = (text: string): boolean => {
  if (text.length < lengthMin) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      i = endOfString(text, i);
    } else if (unit === 0x5b || unit === 0x7b) {
      depth++;
      if (depth > depthMax) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
};

/** Where the string that begins here ends. */
const endOfString = (text: string, begin: number): number => {
  let end = begin;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
  } while (isEscaped(text, end));
  return end;
};

const isEscaped = (text: string, index: number): boolean => {
  let before = index;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (index - before) % 2 === 1;
};
