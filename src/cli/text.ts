import type { Environment, Output } from './io.js';

/** The looks of a text, each a function that dresses it; without colours they give it back as it is. */
export interface Palette {
  readonly colored: boolean;
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** Colours are for a person at a terminal who did not ask for none (no-color.org). */
export const wantsColor = (output: Output, env: Environment): boolean =>
  output.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

const dressed = (colored: boolean, open: number, close: number) => (text: string) =>
  colored && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;

export const paletteOf = (colored: boolean): Palette => ({
  colored,
  strong: dressed(colored, 1, 22),
  faint: dressed(colored, 2, 22),
  good: dressed(colored, 32, 39),
  warn: dressed(colored, 33, 39),
  bad: dressed(colored, 31, 39),
  accent: dressed(colored, 36, 39),
});

/** What breaks a line. */
const BREAKS = /[\n\r\t\u0085\u2028\u2029]+/gu;
/** What could move the cursor, colour the screen, or turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A stranger's text on one line, unable to do anything to the terminal. */
export const printable = (text: string): string => text.replace(BREAKS, ' ').replace(UNPRINTABLE, '\ufffd');

/** At most so many characters, with a mark where some are missing. */
export const clip = (text: string, lengthMax: number): string => {
  const characters = [...text];
  return characters.length <= lengthMax ? text : `${characters.slice(0, lengthMax - 1).join('')}…`;
};

const two = (part: number): string => String(part).padStart(2, '0');

/** A moment as the clock on the wall has it: `09:05:00`. */
export const timeOfDay = (at: Date): string => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');

/** A moment for a table, in local time: `2026-01-31 09:05:00`. */
export const dateAndTime = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${timeOfDay(at)}`;

/** `1 user`, `2 users`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
