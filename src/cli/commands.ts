/** What each command is called with and says of itself. What it does is loaded when it is used. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Flags } from './config/load.js';
import { type ExitCode, exitCodesText } from './exit.js';
import type { Io } from './io.js';

/** Told the exit code of the command that ran. */
export type Finish = (code: Promise<ExitCode>) => Promise<void>;

type Words = readonly string[] | undefined;

const collect = (word: string, former: Words): readonly string[] => [...(former ?? []), word];

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
  };

/** The largest page that a store gives. */
const PAGE_SIZE_MAX = 200;
/** 25 rows fit a screen. */
const PAGE_SIZE_DEFAULT = 25;
/** No store has more. */
const PAGE_MAX = 1_000_000;

const withStore = (command: Command): Command =>
  command
    .option('--store <path>', 'the file that a server keeps (default: .ninelives/ninelives.db)')
    .option('--config <file>', 'the configuration file to take the store from (default: ninelives.config.* here)');

const withPages = (command: Command): Command =>
  command
    .option('--page <number>', 'which page, counted from 1', wholeNumber(1, PAGE_MAX), 1)
    .option('--size <rows>', `rows on a page, 1 to ${PAGE_SIZE_MAX}`, wholeNumber(1, PAGE_SIZE_MAX), PAGE_SIZE_DEFAULT)
    .option('--json', 'print JSON, with times in ISO 8601');

interface ServeWords extends Omit<Flags, 'apiKeys' | 'origins' | 'passwords'> {
  readonly apiKey: Words;
  readonly origin: Words;
  readonly password: Words;
  readonly config: string | undefined;
}

export const addServe = (program: Command, io: Io, finish: Finish): void => {
  program
    .command('serve')
    .summary('run a server, with its page')
    .description('Run a server: sessions over a WebSocket at /, a page to try them at / in a browser, and its health at /health.')
    .option('--port <number>', 'the port to listen on; 0 picks a free one (default: 4150)')
    .option('--host <address>', 'the address to listen on; 0.0.0.0 for all of this machine (default: 127.0.0.1)')
    .option('--store <path>', '`memory`, or the SQLite file to keep (default: .ninelives/ninelives.db)')
    .option('--api-key <key>', 'a key that clients have to show; may be repeated', collect)
    .option('--guests', 'let guests in: they need no password (default)')
    .option('--no-guests', 'let no guests in')
    .option('--origin <origin>', 'a page on another host that may connect, https://example.com; may be repeated', collect)
    .option('--password <name=password>', 'who may sign in with which password, for trying out; may be repeated', collect)
    .option('--webhook <url>', 'ask this address who may sign in')
    .option('--jwks <url>', 'let in who brings a token that is signed with a key of this set')
    .option('--jwt-issuer <issuer>', 'with --jwks: who must have issued the token')
    .option('--jwt-audience <audience>', 'with --jwks: for whom the token must be')
    .option('--config <file>', 'the configuration file (default: ninelives.config.{ts,js,mjs,json} here)')
    .option('--log-level <level>', 'debug, info, warn, error or silent (default: info)')
    .option('--json-logs', 'log JSON lines (default where the output is no terminal)')
    .option('--no-json-logs', 'log for people')
    .addHelpText(
      'after',
      `
Every option but --password has a variable (NINELIVES_PORT, NINELIVES_API_KEYS=a,b, NINELIVES_CONFIG, ...) and a
name in the configuration file (port, apiKeys, passwords, ...). Options go before variables, variables before the file.
Keys and secrets are better off in variables: other users of this machine can see the options of a program.

Examples:
  $ ninelives serve                                  this machine alone, guests welcome
  $ ninelives serve --password jane=secret           jane signs in, others are guests
  $ ninelives serve --port 0 --store memory          any free port, nothing kept
  $ NINELIVES_API_KEYS=k1 ninelives serve --host 0.0.0.0 --no-guests --webhook https://accounts.example/attempts`,
    )
    .action(({ apiKey, origin, password, config, ...flags }: ServeWords) =>
      finish(
        import('./serve/serve.js').then(({ serve }) =>
          serve({ flags: { ...flags, apiKeys: apiKey, origins: origin, passwords: password }, configFile: config }, io),
        ),
      ),
    );
};

export const addChat = (program: Command, io: Io, finish: Finish): void => {
  program
    .command('chat')
    .summary('talk to a server from the terminal')
    .description('Start a session and chat: typed lines are sent, what arrives and every change of the session is shown.')
    .option('--url <address>', 'the server (default: ws://127.0.0.1:4150)')
    .option('--api-key <key>', 'the API key to show')
    .option('--username <name>', 'who you are (default: a guest with a made-up name)')
    .option('--password [password]', 'sign in; without a value it is asked for, without echo')
    .option('--wait <seconds>', 'from a pipe: how long to wait for what is not confirmed (default: 30)')
    .addHelpText(
      'after',
      `
Variables: NINELIVES_URL, NINELIVES_API_KEY, NINELIVES_USERNAME, NINELIVES_PASSWORD. NO_COLOR takes the colours away.
At a terminal /help lists what can be typed. From a pipe each line is sent; at the end the command waits until all is
confirmed. Its exit code is 0 where the server handled every line, 4 where that is not known of one.

Examples:
  $ ninelives chat                                   as a guest
  $ ninelives chat --username jane --password        asks for the password
  $ echo hello | ninelives chat --username jane      sends one line and ends
  $ tail -f app.log | ninelives chat --username log  sends lines as they come`,
    )
    .action((flags: object) => finish(import('./chat/chat.js').then(({ chat }) => chat(flags, io))));
};

interface RecordWords {
  readonly store: string | undefined;
  readonly config: string | undefined;
}

const where = ({ store, config }: RecordWords) => ({ flags: { store }, configFile: config });

interface ListWords extends RecordWords {
  readonly page: number;
  readonly size: number;
  readonly json?: true;
}

export const addUsers = (program: Command, io: Io, finish: Finish): void => {
  const users = program
    .command('users')
    .summary('list the users of a store, or create one')
    .description('List the users that a server keeps. It reads the file beside the running server.');
  withPages(withStore(users))
    .option('--online', 'those who are online')
    .option('--no-online', 'those who are not')
    .option('--guests', 'guests')
    .option('--no-guests', 'registered users')
    .argument('[words...]')
    .usage('[options] | create <name> [options]')
    .addHelpText(
      'after',
      `
Examples:
  $ ninelives users --online
  $ ninelives users --no-guests --json
  $ ninelives users create jane --display-name "Jane Doe"`,
    )
    .action((words: readonly string[], flags: ListWords & { readonly online?: boolean; readonly guests?: boolean }, command: Command) => {
      if (words[0] !== undefined) command.error(`error: unknown command '${words[0]}' for 'users'\n(Did you mean create?)`);
      const { online, guests, page, size, json } = flags;
      return finish(
        import('./records/users.js').then(({ listUsers }) =>
          listUsers({ online, guests, page, size, json: json === true }, where(flags), io),
        ),
      );
    });
  withStore(users.command('create <name>'))
    .description('Create a user who is not a guest. No server may hold the file meanwhile.')
    .option('--display-name <text>', 'how others see the user (default: the name)')
    .option('--json', 'print the user as JSON')
    .addHelpText(
      'after',
      `
A name that is registered can not be taken by a guest. While a server runs, its own app creates users, with
server.users.create.

Example:
  $ ninelives users create jane --display-name "Jane Doe"`,
    )
    .action((name: string, _own: object, command: Command) => {
      // --store and --json may also stand before \`create\`.
      const flags = command.optsWithGlobals<RecordWords & { readonly displayName?: string; readonly json?: true }>();
      const { displayName, json } = flags;
      return finish(
        import('./records/users.js').then(({ createUser }) => createUser({ name, displayName, json: json === true }, where(flags), io)),
      );
    });
};

interface SessionWords extends ListWords {
  readonly state: string | undefined;
  readonly user: string | undefined;
}

const states = { active: 'ACTIVE', ended: 'ENDED' } as const;
const isState = (word: string): word is keyof typeof states => Object.hasOwn(states, word);

export const addSessions = (program: Command, io: Io, finish: Finish): void => {
  withPages(withStore(program.command('sessions')))
    .summary('list the sessions of a store')
    .description('List the sessions that a server keeps, newest first, ended ones too. It reads the file beside the running server.')
    .addOption(
      new Option('--state <state>', 'active or ended').argParser((word: string) => {
        const state = word.toLowerCase();
        if (isState(state)) return states[state];
        throw new InvalidArgumentError('It has to be active or ended.');
      }),
    )
    .option('--user <name>', 'those of one user')
    .addHelpText(
      'after',
      `
A session is ACTIVE until its server ends it. Where a server was killed, its sessions stay ACTIVE until the next one
opens the file.

Examples:
  $ ninelives sessions --state active
  $ ninelives sessions --user jane --page 2 --size 50
  $ ninelives sessions --json`,
    )
    .action(({ state, user, page, size, json, ...rest }: SessionWords) =>
      finish(
        import('./records/sessions.js').then(({ listSessions }) =>
          listSessions({ state: state as 'ACTIVE' | 'ENDED' | undefined, user, page, size, json: json === true }, where(rest), io),
        ),
      ),
    );
};

export const programExamples = `
Examples:
  $ ninelives serve                     a server on ws://127.0.0.1:4150, with a page on http://127.0.0.1:4150
  $ ninelives chat --username jane      talk to it, in another terminal
  $ ninelives sessions --state active   see who is there

${exitCodesText}`;
