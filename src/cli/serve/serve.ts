import type { Server as HttpServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { either as E, function as F, taskEither as TE } from 'fp-ts';
import type { Logger as Pino } from 'pino';
import { version } from '../../../adapters/hosts/platform.js';
import { messageOf, NineLivesError } from '../../errors.js';
import { createServer, type Server, type ServerOptions } from '../../server/index.js';
import { chatRoom } from '../chat-room.js';
import { type Flags, type Loaded, loadSettings } from '../config/load.js';
import { MEMORY, settingDefaults, settingNames } from '../config/settings.js';
import { type ExitCode, exitCodeOf, exitCodes, type StopSignal } from '../exit.js';
import type { Io } from '../io.js';
import { detailOf, type Problem, problem, report, wrongUse } from '../problem.js';
import { paletteOf, wantsColor } from '../text.js';
import { bannerOf, type Listening } from './banner.js';
import { authorityOf, listenAt } from './listen.js';
import { isForPeople, logOf } from './log.js';
import { serverOptionsOf } from './options.js';
import { findPage, pageApp } from './page.js';
import { prepareStoreFolder } from './store-folder.js';

export interface ServeRequest {
  readonly flags: Flags;
  readonly configFile: string | undefined;
}

interface Running {
  readonly server: Server;
  readonly http: HttpServer;
  readonly log: Pino;
  /** Say where it listens. */
  announce(): void;
}

const isLoopback = (host: string): boolean => /^(localhost|127\..*|::1)$/.test(host);

/** createServer throws what is a mistake in its options, and those come from the configuration. */
const make = (options: ServerOptions): E.Either<Problem, Server> =>
  E.tryCatch(
    () => createServer(options),
    (thrown) => wrongUse(messageOf(thrown)),
  );

/** The app's own handlers, or the chat room. */
const setUp = (server: Server, { settings: { setup }, from }: Loaded): TE.TaskEither<Problem, void> => {
  if (setup === undefined) return TE.fromIO(() => chatRoom(server));
  return TE.tryCatch(
    async () => void (await (setup as (server: Server) => unknown)(server)),
    (thrown) => problem(exitCodes.failed, `${from('setup')} failed: ${messageOf(thrown)}`, 'Mend the function and start again.'),
  );
};

const storeProblem = (thrown: unknown): Problem =>
  problem(
    exitCodes.unavailable,
    thrown instanceof NineLivesError
      ? detailOf({ code: thrown.code, message: thrown.message.replace(` ${thrown.remedy}`, '') })
      : messageOf(thrown),
    'A store of its own is given with --store PATH; --store memory keeps nothing and needs no file.',
  );

const shut = async ({ server, http }: Pick<Running, 'server' | 'http'>): Promise<void> => {
  await server.close();
  http.close();
  http.closeAllConnections();
};

/** Whatever fails once the port is taken gives it back. */
const openOn = (server: Server, http: HttpServer, loaded: Loaded): TE.TaskEither<Problem, void> =>
  F.pipe(
    setUp(server, loaded),
    TE.chain(() => TE.tryCatch(() => server.attach(http), storeProblem)),
    TE.orElse((failed) => () => shut({ server, http }).then(() => E.left(failed))),
  );

const start = (loaded: Loaded, io: Io): TE.TaskEither<Problem, Running> => {
  const { settings, configFile } = loaded;
  const { host = settingDefaults.host, port = settingDefaults.port, store = settingDefaults.store, logLevel, passwords } = settings;
  const log = logOf(settings, io);
  const app = (server: Server) =>
    pageApp({ version, folder: findPage(), isHealthy: async () => (await server.sessions.find('health')).succeeded });

  const say = (actualPort: number): void => {
    const authority = authorityOf({ host, port: actualPort });
    const listening: Listening = {
      version,
      page: `http://${authority}/`,
      url: `ws://${authority}`,
      store: store === MEMORY ? null : store,
      keys: settings.apiKeys?.length ?? 0,
      guests: settings.guests ?? true,
      names: [...(passwords?.keys() ?? [])],
      judge: (['webhook', 'jwks', 'authenticate'] as const).find((way) => settings[way] !== undefined) ?? null,
      app: settings.setup === undefined ? 'chat room' : 'setup',
      configFile,
      isPublic: !isLoopback(host),
    };
    if (isForPeople(settings, io)) io.stdout.write(bannerOf(listening, paletteOf(wantsColor(io.stdout, io.env))));
    // Whatever the level: who asked for any free port has to learn which.
    else if (logLevel !== 'silent') log.child({}, { level: 'info' }).info({ ...listening, host, port: actualPort }, 'listening');
  };

  return F.pipe(
    store === MEMORY ? TE.right(undefined) : prepareStoreFolder(io.cwd, store),
    TE.chain(() => serverOptionsOf(loaded, io.cwd, log)),
    TE.chainEitherK(make),
    TE.chain((server) =>
      F.pipe(
        listenAt({ host, port }, getRequestListener(app(server).fetch, { overrideGlobalObjects: false })),
        TE.chainFirst(({ http }) => openOn(server, http, loaded)),
        TE.map(({ http, port: actualPort }) => {
          http.on('error', (error) => log.error({ detail: error.message }, 'the HTTP server failed'));
          return { server, http, log, announce: () => say(actualPort) };
        }),
      ),
    ),
  );
};

/** Until a signal asks to stop. A second one does not wait for the goodbyes. */
const untilStopped = (running: Running, io: Io): Promise<ExitCode> =>
  new Promise((resolve) => {
    let stopping = false;
    const stopListening = io.onSignal((signal: StopSignal) => {
      if (stopping) return io.exit(exitCodeOf(signal));
      stopping = true;
      running.log.info({ signal }, 'stopping: handlers finish and goodbyes are said; a second signal does not wait for them');
      void running.server
        .drain()
        .then(() => shut(running))
        .then(() => {
          stopListening();
          resolve(exitCodes.done);
        });
    });
    // Whoever reads the address may ask to stop at once.
    running.announce();
  });

/** `ninelives serve`: resolves with the exit code once the server has stopped, or could not start. */
export const serve = ({ flags, configFile }: ServeRequest, io: Io): Promise<ExitCode> =>
  F.pipe(
    loadSettings({ flags, configFile, env: io.env, cwd: io.cwd, names: settingNames }),
    TE.chain((loaded) => start(loaded, io)),
    TE.matchE(
      (failed) => async () => {
        report(io.stderr, failed);
        return failed.exit;
      },
      (running) => () => untilStopped(running, io),
    ),
  )();
