import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { loadConfig } from 'c12';
import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { messageOf } from '../../errors.js';
import { type Problem, wrongUse } from '../problem.js';
import { printable } from '../text.js';
import { MEMORY, settingNames } from './settings.js';

/** What a configuration file says. */
export interface ConfigFile {
  /** As a person would name it: relative to the working directory where that is shorter. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const shortest = (cwd: string, path: string): string => {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
};

/** Only what the file itself says: nothing is merged in from elsewhere, fetched or expanded. */
const read = (cwd: string, configFile: string | undefined) =>
  loadConfig<Record<string, unknown>>({
    name: 'ninelives',
    cwd,
    configFile,
    rcFile: false,
    globalRc: false,
    dotenv: false,
    packageJson: false,
    envName: false,
    extend: false,
    giget: false,
    // The values as they stand: an authenticator is not to be copied.
    merger: (...sources) => sources.find((source) => source !== undefined && source !== null) ?? {},
    // A file that is read once needs no cache on the disk.
    jitiOptions: { fsCache: false },
  });

/** Of a mistake in the file, the first line says where. */
const firstLines = (thrown: unknown): string => messageOf(thrown).split('\n').slice(0, 3).map(printable).join('\n');

const checked = (cwd: string, path: string, config: unknown): E.Either<Problem, ConfigFile> => {
  const name = shortest(cwd, path);
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return E.left(wrongUse(`${name} has no settings.`, 'Export an object as its default: export default { port: 4150 }.'));
  const values = config as Record<string, unknown>;
  const unknown = Object.keys(values).filter((key) => !(settingNames as readonly string[]).includes(key));
  if (unknown.length > 0)
    return E.left(
      wrongUse(
        `${name} has ${unknown.map((key) => `\`${printable(key)}\``).join(', ')}, which no setting is called.`,
        `The settings are ${settingNames.join(', ')}.`,
      ),
    );
  // A path in a file is relative to that file, wherever the command is run.
  const isPath = typeof values.store === 'string' && values.store.trim() !== '' && values.store !== MEMORY;
  return E.right({ name, values: isPath ? { ...values, store: resolve(dirname(path), values.store as string) } : values });
};

/**
 * `ninelives.config.*` of the working directory, or the file that is named. Null where none is named and there is none. A file that
 * is named and absent, that can not be loaded, or that holds what is no setting, is a Problem.
 */
export const readConfigFile = (cwd: string, named: string | undefined): TE.TaskEither<Problem, ConfigFile | null> => {
  if (named === '')
    return TE.left(
      wrongUse('The path of the configuration file is empty.', 'Give one with --config, or take NINELIVES_CONFIG out of the environment.'),
    );
  const path = named === undefined ? undefined : resolve(cwd, named);
  if (path !== undefined && !existsSync(path))
    return TE.left(wrongUse(`There is no configuration file ${path}.`, 'See the path that --config or NINELIVES_CONFIG gives.'));
  return F.pipe(
    TE.tryCatch(
      () => read(cwd, path),
      (thrown) => wrongUse(`${path ?? 'ninelives.config.*'} can not be loaded: ${firstLines(thrown)}`, 'Mend the file and try again.'),
    ),
    TE.chainEitherK(
      ({ config, _configFile: found }): E.Either<Problem, ConfigFile | null> =>
        found === undefined ? E.right(null) : checked(cwd, found, config),
    ),
  );
};
