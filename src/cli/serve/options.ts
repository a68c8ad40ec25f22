import { resolve } from 'node:path';
import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { messageOf } from '../../errors.js';
import { jwt, type Logger, type ServerOptions, sqlite, webhook } from '../../server/index.js';
import { usernameProblem } from '../../wire/username.js';
import type { Loaded } from '../config/load.js';
import { MEMORY, type SettingName, settingDefaults } from '../config/settings.js';
import { type Problem, wrongUse } from '../problem.js';
import { printable } from '../text.js';
import { passwordsOf } from './passwords.js';

/** The ways to decide on attempts with authParams. At most one is set. */
const ways = ['passwords', 'webhook', 'jwks', 'authenticate'] as const satisfies readonly SettingName[];
type Way = (typeof ways)[number];

/** Settings that mean nothing without another. */
const companions: readonly (readonly [SettingName, Way])[] = [
  ['webhookSecret', 'webhook'],
  ['jwtIssuer', 'jwks'],
  ['jwtAudience', 'jwks'],
];

/** Which way is set. Two are a mistake wherever they come from: one of them would silently let nobody in, or somebody. */
const wayOf = ({ settings, from }: Loaded): E.Either<Problem, Way | null> => {
  const set = ways.filter((way) => settings[way] !== undefined);
  if (set.length > 1)
    return E.left(
      wrongUse(
        `There can be one way to decide who may enter, and ${set.length} are set: ${set.map(from).join(', ')}.`,
        'Leave one of them.',
      ),
    );
  const alone = companions.find(([name, way]) => settings[name] !== undefined && settings[way] === undefined);
  if (alone !== undefined)
    return E.left(wrongUse(`${from(alone[0])} is set, but nothing that it goes with.`, `Set \`${alone[1]}\` as well, or leave it out.`));
  return E.right(set[0] ?? null);
};

const namesProblem = ({ settings: { passwords }, from }: Loaded): Problem | null => {
  for (const name of passwords?.keys() ?? []) {
    const problem = usernameProblem(name);
    if (problem !== null)
      return wrongUse(`${from('passwords')} names ${JSON.stringify(printable(name))}, which can not be a username: it ${problem}.`);
  }
  return null;
};

const authenticateOf = ({ settings }: Loaded, way: Way | null): Promise<ServerOptions['authenticate']> | ServerOptions['authenticate'] => {
  const { passwords, webhook: url, webhookSecret: secret, jwks: jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = settings;
  if (way === 'passwords' && passwords !== undefined) return passwordsOf(passwords);
  if (way === 'webhook' && url !== undefined) return webhook({ url, secret });
  if (way === 'jwks' && jwksUrl !== undefined) return jwt({ jwksUrl, issuer, audience });
  return settings.authenticate;
};

/** A name that has a password is no guest's: its owner would find a stranger under it. */
const guestsOf = ({ settings: { guests, passwords } }: Loaded): ServerOptions['guests'] =>
  passwords === undefined || guests === false ? guests : ({ username }) => !passwords.has(username);

/** What the server is told, from the settings. Its store's path is absolute. */
export const serverOptionsOf = (loaded: Loaded, cwd: string, logger: Logger): TE.TaskEither<Problem, ServerOptions> => {
  const { apiKeys, origins, options, store = settingDefaults.store } = loaded.settings;
  const names = namesProblem(loaded);
  if (names !== null) return TE.left(names);
  return F.pipe(
    TE.fromEither(wayOf(loaded)),
    TE.chain((way) =>
      TE.tryCatch(
        async () => authenticateOf(loaded, way),
        (thrown) => wrongUse(`What decides who may enter can not be set up: ${messageOf(thrown)}`),
      ),
    ),
    TE.map((authenticate) => ({
      ...options,
      apiKeys,
      origins,
      guests: guestsOf(loaded),
      authenticate,
      logger,
      store: store === MEMORY ? undefined : sqlite(resolve(cwd, store)),
    })),
  );
};
