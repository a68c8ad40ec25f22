import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { taskEither as TE } from 'fp-ts';
import { exitCodeOf } from '../exit.js';
import type { Io } from '../io.js';
import { type Problem, problem, wrongUse } from '../problem.js';

/** What readline would echo goes nowhere. */
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

const typed = ({ stdin, stderr }: Io, question: string): Promise<string | null> =>
  new Promise((resolve) => {
    // In terminal mode readline takes the echo away from the terminal, and its own is written to nowhere.
    const lines = createInterface({ input: stdin, output: nowhere(), terminal: true, historySize: 0 });
    let answer: string | null = null;
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      stderr.write('\n');
      resolve(answer);
    });
    stderr.write(question);
  });

/** Ask at the terminal, without echo. Ctrl-C and Ctrl-D break off. */
export const askPassword = (io: Io, username: string): TE.TaskEither<Problem, string> => {
  if (io.stdin.isTTY !== true)
    return TE.left(
      wrongUse(
        '--password without a value asks at the terminal, and there is none.',
        'Give the password in the variable NINELIVES_PASSWORD.',
      ),
    );
  return async () => {
    const answer = await typed(io, `Password of ${username}: `);
    if (answer === null) return { _tag: 'Left', left: problem(exitCodeOf('SIGINT'), 'No password was given.') };
    return answer === '' ? { _tag: 'Left', left: wrongUse('The password is empty.') } : { _tag: 'Right', right: answer };
  };
};
