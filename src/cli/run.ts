import { Command, CommanderError } from 'commander';
import { version } from '../../adapters/hosts/platform.js';
import { messageOf } from '../errors.js';
import { addChat, addServe, addSessions, addUsers, type Finish, programExamples } from './commands.js';
import { type ExitCode, exitCodes } from './exit.js';
import type { Io } from './io.js';
import { problem, report } from './problem.js';

/** Where the output is no terminal, help is as wide as this. */
const WIDTH_DEFAULT = 100;

const programOn = (io: Io, finish: Finish): Command => {
  const program = new Command('ninelives')
    .description('User sessions for realtime apps: run a server, talk to it, see who is there.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    // The options and arguments of each are in its own help.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .showHelpAfterError('-> `ninelives --help`, or `ninelives <command> --help`, lists what there is.')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? WIDTH_DEFAULT,
      getErrHelpWidth: () => io.stderr.columns ?? WIDTH_DEFAULT,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, 'ninelives: ').replace(/^\((.*)\)$/m, '  $1')),
    })
    .addHelpText('after', programExamples);
  addServe(program, io, finish);
  addChat(program, io, finish);
  addUsers(program, io, finish);
  addSessions(program, io, finish);
  return program;
};

/**
 * Run a command line. Resolves with the exit code, and never rejects; what it prints goes to the `io` that it is given.
 *
 * @example
 * process.exitCode = await run(['serve', '--port', '0'], processIo());
 */
export const run = async (argv: readonly string[], io: Io): Promise<ExitCode> => {
  let code: ExitCode = exitCodes.done;
  const program = programOn(io, async (finished) => {
    code = await finished;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (thrown) {
    // What commander throws it has told already: help and version with 0, wrong use with 1.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const stack = thrown instanceof Error && (io.env.NINELIVES_LOG_LEVEL ?? '') === 'debug' ? (thrown.stack ?? '') : messageOf(thrown);
    report(
      io.stderr,
      problem(exitCodes.failed, `This is a mistake of the command itself: ${stack}`, 'Please report it, with what you typed.'),
    );
    return exitCodes.failed;
  }
};
