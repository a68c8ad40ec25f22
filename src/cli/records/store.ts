import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { function as F, taskEither as TE } from 'fp-ts';
import type { SessionStore, StoreFailure, StoreTask } from '../../../machines/ports/store.js';
import { remedyOf } from '../../../machines/remedies.js';
import { sqlite } from '../../server/index.js';
import { failureOfStore } from '../../server/store-failure.js';
import type { LoadRequest } from '../config/load.js';
import { loadSettings } from '../config/load.js';
import { MEMORY, settingDefaults } from '../config/settings.js';
import { exitCodes } from '../exit.js';
import { detailOf, type Problem, problem, wrongUse } from '../problem.js';
import { prepareStoreFolder } from '../serve/store-folder.js';

/** Which file: by the same settings as `serve` has it. */
export const storePath = (request: Omit<LoadRequest, 'names'>): TE.TaskEither<Problem, string> =>
  F.pipe(
    loadSettings({ ...request, names: ['store'] }),
    TE.map(({ settings: { store = settingDefaults.store }, from }) => ({ store, from })),
    TE.filterOrElse(
      ({ store }) => store !== MEMORY,
      ({ from }) =>
        wrongUse(`${from('store')} is \`memory\`, which nobody but its server can read.`, 'Give the path of a file with --store.'),
    ),
    TE.map(({ store }) => store),
  );

/** A store's answer as a problem of the command. */
const storeProblem = (what: StoreFailure): Problem => {
  const failure = failureOfStore(what);
  if (what.kind === 'unavailable') return problem(exitCodes.unavailable, detailOf(failure));
  return problem(exitCodes.failed, failure.message, remedyOf(failure.code));
};

const ask = <A>(task: StoreTask<A>): TE.TaskEither<Problem, A> => F.pipe(task, TE.mapLeft(storeProblem));

/** Open, use, and close whatever came of it. */
const using = <A>(store: SessionStore, use: (store: SessionStore) => StoreTask<A>): TE.TaskEither<Problem, A> =>
  TE.bracket(
    ask(store.open({ now: Date.now() })),
    () => ask(use(store)),
    () => ask(store.close()),
  );

/** Read the store, also beside the server that writes it. */
export const reading = <A>(cwd: string, path: string, use: (store: SessionStore) => StoreTask<A>): TE.TaskEither<Problem, A> => {
  const file = resolve(cwd, path);
  if (!existsSync(file))
    return TE.left(
      problem(
        exitCodes.unavailable,
        `There is no store at ${file}.`,
        'Start a server that keeps one: `ninelives serve`. Or name the file that a server uses: --store PATH.',
      ),
    );
  return using(sqlite(file, { readOnly: true }), use);
};

/** Write the store, which no server may hold meanwhile. */
export const writing = <A>(cwd: string, path: string, use: (store: SessionStore) => StoreTask<A>): TE.TaskEither<Problem, A> =>
  F.pipe(
    prepareStoreFolder(cwd, path),
    TE.chain(() => using(sqlite(resolve(cwd, path)), use)),
    TE.mapLeft((failed) =>
      failed.exit === exitCodes.unavailable
        ? { ...failed, remedies: [...failed.remedies, 'While a server runs, its own app does this: server.users.create({ name }).'] }
        : failed,
    ),
  );
