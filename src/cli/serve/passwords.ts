import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { either as E } from 'fp-ts';
import { refusal } from '../../../adapters/auth/refuse.js';
import type { Authenticator } from '../../../machines/ports/authenticator.js';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/** RFC 7914's examples and Node's default for its cost have it so; a longer one says no more. */
const KEY_BYTES = 64;
/** 128 bits: no two alike. */
const SALT_BYTES = 16;

interface Kept {
  readonly salt: Buffer;
  readonly key: Buffer;
}

const keep = async (password: string): Promise<Kept> => {
  const salt = randomBytes(SALT_BYTES);
  return { salt, key: await derive(password.normalize('NFC'), salt, KEY_BYTES) };
};

/**
 * Admits who gives the password of their name as `authParams.password`. The passwords are kept as salted scrypt keys and compared in
 * constant time; an unknown name takes as long as a known one. It is for trying out: no limit on tries, nothing to change a password.
 *
 * @example
 * createServer({ authenticate: await passwordsOf(new Map([['demo', 'demo']])) });
 */
export const passwordsOf = async (passwords: ReadonlyMap<string, string>): Promise<Authenticator> => {
  const kept = new Map(await Promise.all([...passwords].map(async ([name, password]) => [name, await keep(password)] as const)));
  // Whoever gives a name that is not there is compared with a password that nobody knows.
  const nobody = await keep(randomBytes(KEY_BYTES).toString('base64url'));
  return {
    name: 'passwords',
    authenticate: async (attempt) => {
      const { username, authParams } = attempt;
      const { password } = authParams;
      const known = kept.get(username);
      const { salt, key } = known ?? nobody;
      const given = await derive(typeof password === 'string' ? password.normalize('NFC') : '', salt, KEY_BYTES);
      const isSame = timingSafeEqual(given, key);
      if (isSame && known !== undefined && typeof password === 'string') return E.right({});
      // The log is told which of the two it was; the client is not.
      return E.left(
        refusal('AccessDeniedError', attempt, known === undefined ? 'There is no password for this name.' : 'The password is another one.'),
      );
    },
  };
};
