import { function as F, taskEither as TE } from 'fp-ts';
import type { SessionRecord } from '../../../machines/ports/store.js';
import type { LoadRequest } from '../config/load.js';
import { type ExitCode, exitCodes } from '../exit.js';
import type { Io } from '../io.js';
import { report } from '../problem.js';
import { dateAndTime } from '../text.js';
import { type ListFlags, type ListOf, printPage } from './list.js';
import { reading, storePath } from './store.js';

export interface ListSessions extends ListFlags {
  readonly state: SessionRecord['state'] | undefined;
  readonly user: string | undefined;
}

const isoTime = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const tableTime = (at: number | null): string => (at === null ? '' : dateAndTime(new Date(at)));

const sessions: ListOf<SessionRecord> = {
  one: 'session',
  columns: [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'USER', cell: ({ user }) => user.name, widthMin: 8 },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'STARTED', cell: ({ createdAt }) => tableTime(createdAt), yields: 3 },
    { title: 'ENDED', cell: ({ endedAt }) => tableTime(endedAt), yields: 2 },
    { title: 'REASON', cell: ({ endReason }) => endReason ?? '' },
    { title: 'CLIENT', cell: ({ userAgent }) => userAgent ?? '', widthMin: 12, yields: 1 },
  ],
  toJson: ({ createdAt, endedAt, ...session }) => ({ ...session, createdAt: isoTime(createdAt), endedAt: isoTime(endedAt) }),
  none: 'No sessions. `ninelives chat` starts one.',
};

/** `ninelives sessions`. */
export const listSessions = (
  { state, user, ...list }: ListSessions,
  where: Pick<LoadRequest, 'flags' | 'configFile'>,
  io: Io,
): Promise<ExitCode> => {
  const isFiltered = state !== undefined || user !== undefined;
  return F.pipe(
    storePath({ ...where, env: io.env, cwd: io.cwd }),
    TE.chain((path) =>
      reading(io.cwd, path, (store) => store.listSessions({ page: list.page - 1, size: list.size, state, username: user })),
    ),
    TE.match(
      (failed): ExitCode => {
        report(io.stderr, failed);
        return failed.exit;
      },
      (found) => {
        printPage(io, isFiltered ? { ...sessions, none: 'No sessions are like that.' } : sessions, list, found);
        return exitCodes.done;
      },
    ),
  )();
};
