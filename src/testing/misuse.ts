import { inspect } from 'node:util';

/** One of a few words. @throws TypeError that names them. */
export const demandWord = (call: string, what: string, given: unknown, words: readonly string[]): void => {
  if (!words.includes(given as string)) throw new TypeError(`${call}: ${what} is one of '${words.join("', '")}', not ${inspect(given)}.`);
};

/** A span of time. @throws TypeError where it is none. */
export const demandMs = (call: string, what: string, given: unknown): void => {
  if (typeof given !== 'number' || !Number.isFinite(given) || given < 0)
    throw new TypeError(`${call}: ${what} is a number of milliseconds, 0 or more, not ${inspect(given)}.`);
};

/** What `testWorld` takes. */
const worldOptions = ['app', 'server', 'client', 'seed'];

/** @throws TypeError where the options of a world can not be what is meant. */
export const demandWorldOptions = (options: object): void => {
  if (typeof options === 'function') throw new TypeError('testWorld takes options: write testWorld({ app }).');
  for (const name of Object.keys(options)) demandWord('testWorld', 'an option', name, worldOptions);
  const { app, server = {} } = options as { readonly app?: unknown; readonly server?: object };
  if (app !== undefined && typeof app !== 'function')
    throw new TypeError(`testWorld: \`app\` is a function of the server, which adds its handlers, not ${inspect(app)}.`);
  if ('host' in server && server.host !== undefined)
    throw new TypeError('testWorld: the host of the server is the world, which has its clock.');
};

/** @throws TypeError where a client's options name a way to the server. */
export const demandClientOptions = (options: object): void => {
  for (const name of ['url', 'transport'])
    if ((options as Record<string, unknown>)[name] !== undefined)
      throw new TypeError(`A world's client reaches the world's server: leave \`${name}\` out.`);
};

/** What a server of a world answers where it is to listen on a port. */
export const noPorts = (): never => {
  throw new Error(
    'A server in a test world has no port: its clients reach it over world.network. Keep listen() and attach() out of the `app` function, where the server is made.',
  );
};
