import { createInterface } from 'node:readline';
import type { EndReason } from '../../client/index.node.js';
import { exitCodeOf, type StopSignal } from '../exit.js';
import type { Io } from '../io.js';
import type { ChatOptions } from './options.js';
import type { TypingScreen } from './screens.js';
import type { Screen, Talk } from './talk.js';
import { helpText, readLine } from './words.js';

/** Why a conversation stops. */
export type Stop =
  | { readonly why: 'input ended' }
  | { readonly why: 'signal'; readonly signal: StopSignal }
  | { readonly why: 'over'; readonly reason: EndReason };

/** Do what a line says. True where it asks to stop. */
const follow = async (line: string, talk: Talk, screen: Screen, url: string): Promise<boolean> => {
  const read = readLine(line);
  switch (read.kind) {
    case 'say':
      await talk.say(read.text);
      return false;
    case 'whoami':
      await talk.whoami();
      return false;
    case 'status':
      talk.status(url);
      return false;
    case 'help':
      for (const each of helpText.split('\n')) screen.told(each);
      return false;
    case 'unknown':
      screen.told(`${read.command} is no command; /help lists them, and //text sends a line that begins with /`);
      return false;
    case 'quit':
      return true;
    case 'nothing':
      return false;
  }
};

const over = (talk: Talk): Promise<Stop> => talk.over.then((reason) => ({ why: 'over', reason }));

export interface Signals {
  /** Settles with the first signal, which asks to stop. The second one does not wait. */
  readonly stop: Promise<Extract<Stop, { why: 'signal' }>>;
  /** The first one, where there was one. */
  received(): StopSignal | null;
  off(): void;
}

/** One listener from before the start to after the end: a signal that came between two would end the command at once. */
export const signalsOf = (io: Io): Signals => {
  let first: StopSignal | null = null;
  let off = (): void => undefined;
  const stop = new Promise<Extract<Stop, { why: 'signal' }>>((resolve) => {
    off = io.onSignal((signal) => {
      if (first !== null) return io.exit(exitCodeOf(signal));
      first = signal;
      resolve({ why: 'signal', signal });
    });
  });
  return { stop, received: () => first, off };
};

/** Lines from a pipe or a file: each is sent, and at their end all has to be confirmed. */
export const fromPipe = async (talk: Talk, screen: Screen, { url, waitMs }: ChatOptions, io: Io, signals: Signals): Promise<Stop> => {
  // Made here and not before: what readline reads while nobody asks for it is lost.
  const lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const interrupted = Promise.race([over(talk), signals.stop]);
  void interrupted.then(() => lines.close());
  const sending = async (): Promise<Stop> => {
    for await (const line of lines) if (await follow(line, talk, screen, url)) break;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([talk.settled(), patience]);
    clearTimeout(timer);
    return { why: 'input ended' };
  };
  const stop = await Promise.race([sending(), interrupted]);
  lines.close();
  return stop;
};

/** Lines from a person. Ctrl-C and Ctrl-D are their way to leave, not a failure. */
export const fromTerminal = async (talk: Talk, screen: TypingScreen, { url }: ChatOptions, signals: Signals): Promise<Stop> => {
  const { lines } = screen;
  const left = new Promise<Stop>((resolve) => {
    lines.on('line', (line) => {
      if (readLine(line).kind === 'say') screen.erase(line);
      void follow(line, talk, screen, url).then((quits) => (quits ? lines.close() : lines.prompt()));
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve({ why: 'input ended' }));
  });
  screen.told('Enter sends a line; /quit leaves, /help says more');
  lines.prompt();
  const stop = await Promise.race([left, over(talk), signals.stop]);
  lines.close();
  return stop;
};
