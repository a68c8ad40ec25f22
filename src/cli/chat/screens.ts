import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Io } from '../io.js';
import { clip, type Palette, printable } from '../text.js';
import type { Screen } from './talk.js';

/** For pipes: messages on the standard output, everything else beside them. */
export const plainScreen = ({ stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>, { faint }: Palette): Screen => ({
  arrived: (line) => void stdout.write(`${line}\n`),
  told: (line) => void stderr.write(`${faint('·')} ${line}\n`),
});

/** For a person: lines come above the one that is being typed. */
export interface TypingScreen extends Screen {
  readonly lines: Interface;
  /** Take the line that was just typed off the screen: it is shown again as a message. */
  erase(typed: string): void;
}

/** A longer name would leave no room to type. */
const NAME_SHOWN_MAX = 20;

export const typingScreen = (
  { stdin, stdout }: Pick<Io, 'stdin' | 'stdout'>,
  username: string,
  { faint, strong }: Palette,
): TypingScreen => {
  const name = clip(printable(username), NAME_SHOWN_MAX);
  const prompt = `${strong(name)}${faint('>')} `;
  const promptLength = [...`${name}> `].length;
  const lines = createInterface({ input: stdin, output: stdout, prompt, terminal: true });
  let closed = false;
  const toPromptStart = (rows: number): void => {
    moveCursor(stdout, 0, -rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
  };
  lines.once('close', () => {
    closed = true;
    toPromptStart(lines.getCursorPos().rows);
  });
  const above = (line: string): void => {
    if (closed) return void stdout.write(`${line}\n`);
    const { rows } = lines.getCursorPos();
    toPromptStart(rows);
    // readline goes up by the rows that it knows of before it draws again.
    stdout.write(`${line}\n${'\n'.repeat(rows)}`);
    lines.prompt(true);
  };
  return {
    lines,
    arrived: above,
    told: (line) => above(`${faint('·')} ${line}`),
    erase: (typed) => {
      const columns = stdout.columns ?? Number.POSITIVE_INFINITY;
      toPromptStart(Math.max(1, Math.ceil((promptLength + [...typed].length) / columns)));
    },
  };
};
