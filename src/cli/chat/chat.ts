import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { type Client, createClient, type Session } from '../../client/index.node.js';
import type { ChatContract } from '../chat-room.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit.js';
import type { Io } from '../io.js';
import { type Problem, problem, report } from '../problem.js';
import { count, type Palette, paletteOf, printable, wantsColor } from '../text.js';
import { askPassword } from './ask-password.js';
import { type ChatFlags, type ChatOptions, chatOptions } from './options.js';
import { plainScreen, typingScreen } from './screens.js';
import { fromPipe, fromTerminal, type Signals, type Stop, signalsOf } from './sources.js';
import { type Screen, Talk } from './talk.js';
import { statusLine } from './words.js';

interface Setting {
  readonly options: ChatOptions;
  readonly io: Io;
  readonly palette: Palette;
  readonly isTyped: boolean;
}

/** Says each status once, whatever else of the client's view changes; to whom may change on the way. */
class StatusTeller {
  screen: Screen;
  #former = '';
  readonly #stop: () => void;

  constructor(client: Client<ChatContract>, { options: { url }, palette }: Setting, screen: Screen) {
    this.screen = screen;
    this.#stop = client.subscribe(() => {
      const view = client.getSnapshot();
      const { status, substate, attempt, retryAt } = view;
      const state = [status, substate, attempt, retryAt].join();
      // Idle is where a start that failed ends, and why it failed is told on its own.
      if (state !== this.#former && status !== 'idle') this.screen.told(statusLine(view, url, Date.now(), palette));
      this.#former = state;
    });
  }

  stop(): void {
    this.#stop();
  }
}

const passwordOf = ({ options: { password, username }, io }: Setting): TE.TaskEither<Problem, string | null> =>
  password === 'ask' ? askPassword(io, username) : TE.right(password);

const startWith = (
  client: Client<ChatContract>,
  username: string,
  password: string | null,
): TE.TaskEither<Problem, Session<ChatContract>> => {
  const credential = password === null ? {} : { authParams: { password } };
  return async () => {
    const { session, error } = await client.startSession({ username, ...credential });
    if (session !== undefined) return E.right(session);
    const why = error.cause instanceof Error ? `\n${printable(error.cause.message)}` : '';
    return E.left(problem(exitCodes.failed, `${printable(error.message)}${why}`));
  };
};

/** Ended well only where every line is known as handled. */
const verdict = (talk: Talk, stop: Stop, { stderr }: Io): ExitCode => {
  if (talk.unconfirmed > 0) {
    stderr.write(`ninelives: ${count(talk.unconfirmed, 'line')} may not have been handled.\n`);
    return exitCodes.unconfirmed;
  }
  if (stop.why === 'signal') return exitCodeOf(stop.signal);
  return stop.why === 'over' && stop.reason !== 'ended' ? exitCodes.failed : exitCodes.done;
};

const converse = async (
  client: Client<ChatContract>,
  session: Session<ChatContract>,
  setting: Setting,
  teller: StatusTeller,
  signals: Signals,
): Promise<ExitCode> => {
  const { options, io, palette, isTyped } = setting;
  const typing = isTyped ? typingScreen(io, session.user.name, palette) : null;
  const screen = typing ?? teller.screen;
  teller.screen = screen;
  const talk = new Talk(client, session, screen, palette, isTyped);
  const stop = await (typing === null ? fromPipe(talk, screen, options, io, signals) : fromTerminal(talk, typing, options, signals));
  await client.endSession();
  // What the session hands back settles in the turns after its end.
  await talk.settled();
  return verdict(talk, stop, io);
};

const run = (setting: Setting): TE.TaskEither<Problem, ExitCode> => {
  const { options, io, palette, isTyped } = setting;
  // A person decides when to give up; a pipe can not.
  const client = createClient<ChatContract>({ url: options.url, apiKey: options.apiKey, giveUpAfterMs: isTyped ? null : options.waitMs });
  const teller = new StatusTeller(client, setting, plainScreen(isTyped ? { stdout: io.stdout, stderr: io.stdout } : io, palette));
  const talking = async (password: string | null): Promise<E.Either<Problem, ExitCode>> => {
    const signals = signalsOf(io);
    void signals.stop.then(() => client.endSession());
    const started = await startWith(client, options.username, password)();
    const ended = E.isLeft(started) ? started : E.right(await converse(client, started.right, setting, teller, signals));
    signals.off();
    teller.stop();
    const signal = signals.received();
    return E.isLeft(ended) && signal !== null ? E.left({ ...ended.left, exit: exitCodeOf(signal) }) : ended;
  };
  return F.pipe(
    passwordOf(setting),
    TE.chain((password) => () => talking(password)),
  );
};

/** `ninelives chat`: resolves with the exit code once the session is over. */
export const chat = (flags: ChatFlags, io: Io): Promise<ExitCode> =>
  F.pipe(
    TE.fromEither(chatOptions(flags, io.env)),
    TE.chain((options) => {
      const isTyped = io.stdin.isTTY === true && io.stdout.isTTY === true;
      return run({ options, io, palette: paletteOf(wantsColor(io.stdout, io.env)), isTyped });
    }),
    TE.getOrElse((failed) => async () => {
      report(io.stderr, failed);
      return failed.exit;
    }),
  )();
