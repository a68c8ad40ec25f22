import { randomBytes } from 'node:crypto';
import { either as E, function as F } from 'fp-ts';
import * as t from 'io-ts';
import { usernameProblem } from '../../wire/username.js';
import { address, Text, wholeNumber } from '../config/codecs.js';
import type { Environment } from '../io.js';
import { type Problem, wrongUse } from '../problem.js';

/** What the flags of `chat` said. `password: true` is --password without a value. */
export interface ChatFlags {
  readonly url?: string;
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string | true;
  readonly wait?: string;
}

export interface ChatOptions {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly username: string;
  /** Null: a guest. */
  readonly password: string | 'ask' | null;
  /** How long to wait for confirmations once the input has ended, and for a server that is gone, in milliseconds. */
  readonly waitMs: number;
}

const urlDefault = 'ws://127.0.0.1:4150';
/** Longer than a server takes to restart, shorter than a person or a build waits without a word. */
const waitDefaultS = 30;
/** A day: who wants to wait for longer has no need of this limit. */
const waitMaxS = 86_400;
const MS_PER_S = 1000;

const codec = t.intersection([
  t.type({ url: address('ws:', 'wss:'), wait: wholeNumber(1, waitMaxS) }),
  t.partial({ apiKey: Text, username: Text, password: t.union([Text, t.literal(true)]) }),
]);
type Name = keyof t.TypeOf<typeof codec>;

const variables: Readonly<Partial<Record<Name, string>>> = {
  url: 'NINELIVES_URL',
  apiKey: 'NINELIVES_API_KEY',
  username: 'NINELIVES_USERNAME',
  password: 'NINELIVES_PASSWORD',
};

const mayBe: Readonly<Record<Name, string>> = {
  url: 'a ws: or wss: address without a name or password in it, such as ws://127.0.0.1:4150',
  apiKey: 'one of the keys of the server',
  username: 'a name of 1 to 256 characters',
  password: 'a text that is not empty (leave the value out to be asked for it)',
  wait: `a whole number of seconds from 1 to ${waitMaxS}`,
};

const names = Object.keys(mayBe) as readonly Name[];
const flagOf = (name: Name): string => `--${name === 'apiKey' ? 'api-key' : name}`;

/** 24 bits tell a few guests apart; it is no secret. */
const guestName = (): string => `guest-${randomBytes(3).toString('hex')}`;

/** Flags go before the environment. What is wrong is told with where it came from; values are not repeated, as some are secret. */
export const chatOptions = (flags: ChatFlags, env: Environment): E.Either<Problem, ChatOptions> => {
  const fromEnv = (name: Name): string | undefined => {
    const variable = variables[name];
    return variable === undefined ? undefined : env[variable];
  };
  const where = (name: Name): string => (flags[name] === undefined ? (variables[name] ?? name) : flagOf(name));
  const values = Object.fromEntries(names.map((name) => [name, flags[name] ?? fromEnv(name)]));
  return F.pipe(
    codec.decode({ ...values, url: values.url ?? urlDefault, wait: values.wait ?? waitDefaultS }),
    E.mapLeft((errors) => {
      // The codec is an intersection: the setting's name is the second step below it.
      const wrong = [...new Set(errors.map(({ context }) => context.map(({ key }) => key).find((key) => key in mayBe) as Name))];
      return wrongUse(wrong.map((name) => `${where(name)} can not be used. It has to be ${mayBe[name]}.`).join('\n'));
    }),
    E.chain(({ url, apiKey, username, password, wait }): E.Either<Problem, ChatOptions> => {
      const flaw = username === undefined ? null : usernameProblem(username);
      if (flaw !== null) return E.left(wrongUse(`${where('username')} can not be used: the name ${flaw}.`));
      if (username === undefined && password !== undefined)
        return E.left(
          wrongUse(`${where('password')} gives a password, but no name says whose it is.`, 'Give the name with --username NAME.'),
        );
      return E.right({
        url,
        apiKey,
        username: username ?? guestName(),
        password: password === true ? 'ask' : (password ?? null),
        waitMs: wait * MS_PER_S,
      });
    }),
  );
};
