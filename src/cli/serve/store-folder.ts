import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { taskEither as TE } from 'fp-ts';
import { messageOf } from '../../errors.js';
import { settingDefaults } from '../config/settings.js';
import { exitCodes } from '../exit.js';
import { type Problem, problem } from '../problem.js';

/** The folder keeps itself out of the repository that it stands in. */
const IGNORE_ALL = '# What `ninelives serve` keeps: users and sessions. Not for the repository.\n*\n';

/**
 * Make the folder of the default store where it is missing. That of any other path is the user's to make: a folder that appears
 * because of a mistyped path would hide the mistake.
 */
export const prepareStoreFolder = (cwd: string, store: string): TE.TaskEither<Problem, void> => {
  const path = resolve(cwd, store);
  const folder = dirname(path);
  if (path !== resolve(cwd, settingDefaults.store) || existsSync(folder)) return TE.right(undefined);
  return TE.tryCatch(
    async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, '.gitignore'), IGNORE_ALL);
    },
    (thrown) =>
      problem(
        exitCodes.unavailable,
        `The folder for the store can not be made: ${messageOf(thrown)}.`,
        'Give another path with --store, or keep everything in memory with --store memory.',
      ),
  );
};
