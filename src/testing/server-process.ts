import { either as E } from 'fp-ts';
import type { AuthenticateFunction } from '../../adapters/auth/function.js';
import type { Authenticator } from '../../machines/ports/authenticator.js';
import type { SessionStore } from '../../machines/ports/store.js';
import type { Logger, Server, ServerOptions } from '../server/index.js';
import { SessionServer } from '../server/server.js';
import { noPorts } from './misuse.js';
import type { Mortal } from './mortal.js';
import { mortalStore, type StoreConditions, type Writes } from './mortal-store.js';

/** One server, in a process of its own as far as the world knows. */
export interface ServerProcess {
  readonly server: SessionServer;
  readonly life: Mortal;
}

/** What a server process is made of. */
export interface ServerProcessParts {
  readonly life: Mortal;
  readonly store: SessionStore;
  readonly options: ServerOptions;
  readonly logger: Logger;
  /** Is nobody of this name to be admitted? */
  isDenied(username: string): boolean;
  /** Called before anybody else can listen to it. */
  watch(server: SessionServer): void;
  readonly app: ((server: Server) => void) | undefined;
  readonly storeConditions: StoreConditions;
  /** Its date is wrong by so many milliseconds. */
  readonly skewMs: number;
  readonly writes: Writes;
}

const guestsOf = ({ options: { guests = true }, isDenied }: ServerProcessParts): ServerOptions['guests'] => {
  return (attempt) => !isDenied(attempt.username) && (typeof guests === 'function' ? guests(attempt) : guests);
};

const authenticateOf = ({ options: { authenticate }, isDenied }: ServerProcessParts): AuthenticateFunction | Authenticator | undefined => {
  if (authenticate === undefined) return undefined;
  if (typeof authenticate === 'function') return (attempt) => (isDenied(attempt.username) ? false : authenticate(attempt));
  return {
    name: authenticate.name,
    authenticate: async (attempt) =>
      isDenied(attempt.username)
        ? E.left({ code: 'AccessDeniedError', detail: 'The test denies this user.' })
        : authenticate.authenticate(attempt),
  };
};

export const startProcess = (parts: ServerProcessParts): ServerProcess => {
  const { life } = parts;
  life.skew(parts.skewMs);
  const server = new SessionServer({
    logger: parts.logger,
    ...parts.options,
    guests: guestsOf(parts),
    authenticate: authenticateOf(parts),
    store: mortalStore(parts.store, life, parts.storeConditions, parts.writes),
    host: life.host,
  });
  server.listen = noPorts;
  server.attach = noPorts;
  parts.watch(server);
  parts.app?.(server as unknown as Server);
  // As listening does: sessions of an earlier server wait for their clients from now on.
  void server.opened();
  return { server, life };
};
