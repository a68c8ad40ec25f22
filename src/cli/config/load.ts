import { either as E, function as F, taskEither as TE } from 'fp-ts';
import type * as t from 'io-ts';
import type { Environment } from '../io.js';
import { type Problem, wrongUse } from '../problem.js';
import { clip, printable } from '../text.js';
import { type ConfigFile, readConfigFile } from './file.js';
import { type SettingName, type Settings, SettingsCodec, settingInfos } from './settings.js';

/** What the flags of a command said, by setting; undefined where one was not given. */
export type Flags = { readonly [N in SettingName]?: unknown };

export interface LoadRequest {
  readonly flags: Flags;
  /** What --config said. */
  readonly configFile: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** The settings that the command uses: a mistake in another is none of its business. */
  readonly names: readonly SettingName[];
}

/** The settings that were given, each as its codec gives it. Defaults are for those who use them. */
export interface Loaded {
  readonly settings: Settings;
  readonly configFile: string | null;
  /** Where a setting comes from, for a person: `--port`, `NINELIVES_PORT`, `port in ninelives.config.ts`. */
  readonly from: (name: SettingName) => string;
}

interface Given {
  readonly value: unknown;
  readonly from: string;
}

/** Flags go before the environment, which goes before the file. */
const given = (name: SettingName, { flags, env }: LoadRequest, file: ConfigFile | null): Given | null => {
  const { flag, variable } = settingInfos[name];
  if (flags[name] !== undefined) return { value: flags[name], from: flag ?? name };
  // A variable that is there but empty was meant to say something: each codec refuses the empty text.
  if (variable !== undefined && env[variable] !== undefined) return { value: env[variable], from: variable };
  if (file?.values[name] !== undefined) return { value: file.values[name], from: `${name} in ${file.name}` };
  return null;
};

/** Longer values are clipped: the beginning is enough to find them. */
const VALUE_SHOWN_MAX = 60;

const shown = (value: unknown): string => {
  const text = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
  return clip(printable(text), VALUE_SHOWN_MAX);
};

const sentence = (name: SettingName, { value, from }: Given): string => {
  const { mayBe, secret } = settingInfos[name];
  if (value === '') return `${from} is empty. It has to be ${mayBe}, or not be set at all.`;
  return secret ? `${from} can not be used. It has to be ${mayBe}.` : `${from} is ${shown(value)}. It has to be ${mayBe}.`;
};

/** io-ts tells each error with the path to it; its first step into the settings is the setting's name. */
const namesIn = (errors: t.Errors): readonly SettingName[] => [...new Set(errors.map(({ context }) => context[1]?.key as SettingName))];

const decode = (request: LoadRequest, file: ConfigFile | null): E.Either<Problem, Loaded> => {
  const found = new Map(
    request.names.flatMap((name) => {
      const one = given(name, request, file);
      return one === null ? [] : [[name, one] as const];
    }),
  );
  return F.pipe(
    SettingsCodec.decode(Object.fromEntries([...found].map(([name, { value }]) => [name, value]))),
    E.bimap(
      (errors) =>
        wrongUse(
          namesIn(errors)
            .map((name) => sentence(name, found.get(name) as Given))
            .join('\n'),
        ),
      (settings) => ({ settings, configFile: file?.name ?? null, from: (name) => found.get(name)?.from ?? name }),
    ),
  );
};

/**
 * The configuration of a command: flags > environment > configuration file. What is wrong is told with where it came from and what
 * it may be; secrets are not repeated.
 */
export const loadSettings = (request: LoadRequest): TE.TaskEither<Problem, Loaded> =>
  F.pipe(
    readConfigFile(request.cwd, request.configFile ?? request.env.NINELIVES_CONFIG),
    TE.chainEitherK((file) => decode(request, file)),
  );
