import { function as F, taskEither as TE } from 'fp-ts';
import type { User } from '../../../machines/ports/user.js';
import { usernameProblem } from '../../wire/username.js';
import type { LoadRequest } from '../config/load.js';
import { type ExitCode, exitCodes } from '../exit.js';
import type { Io } from '../io.js';
import { type Problem, report, wrongUse } from '../problem.js';
import { printable } from '../text.js';
import { type ListFlags, type ListOf, printPage } from './list.js';
import { reading, storePath, writing } from './store.js';

type Where = Pick<LoadRequest, 'flags' | 'configFile'>;

export interface ListUsers extends ListFlags {
  readonly online: boolean | undefined;
  readonly guests: boolean | undefined;
}

const users: ListOf<User> = {
  one: 'user',
  columns: [
    { title: 'ID', cell: ({ id }) => String(id) },
    { title: 'NAME', cell: ({ name }) => name, widthMin: 8 },
    { title: 'DISPLAY NAME', cell: ({ displayName }) => displayName, widthMin: 12, yields: 2 },
    { title: 'KIND', cell: ({ isGuest }) => (isGuest ? 'guest' : 'registered') },
    { title: 'ONLINE', cell: ({ presence }) => (presence.online ? 'yes' : 'no') },
    { title: 'STATUS', cell: ({ presence }) => presence.status, widthMin: 6, yields: 1 },
  ],
  toJson: (user) => user,
  none: 'No users. One is created by their first session, or by `ninelives users create NAME`.',
};

/** `ninelives users`. */
export const listUsers = ({ online, guests, ...list }: ListUsers, where: Where, io: Io): Promise<ExitCode> => {
  const isFiltered = online !== undefined || guests !== undefined;
  return F.pipe(
    storePath({ ...where, env: io.env, cwd: io.cwd }),
    TE.chain((path) =>
      reading(io.cwd, path, (store) => store.listUsers({ page: list.page - 1, size: list.size, online, isGuest: guests })),
    ),
    TE.match(
      (failed): ExitCode => {
        report(io.stderr, failed);
        return failed.exit;
      },
      (found) => {
        printPage(io, isFiltered ? { ...users, none: 'No users are like that.' } : users, list, found);
        return exitCodes.done;
      },
    ),
  )();
};

export interface CreateUser {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly json: boolean;
}

/** `ninelives users create`. */
export const createUser = ({ name, displayName, json }: CreateUser, where: Where, io: Io): Promise<ExitCode> => {
  const flaw = usernameProblem(name);
  const checked: TE.TaskEither<Problem, void> =
    flaw === null ? TE.right(undefined) : TE.left(wrongUse(`The name can not be a username: it ${flaw}.`));
  return F.pipe(
    checked,
    TE.chain(() => storePath({ ...where, env: io.env, cwd: io.cwd })),
    TE.chain((path) =>
      writing(io.cwd, path, (store) => store.createUser({ name, profile: displayName === undefined ? {} : { displayName } })),
    ),
    TE.match(
      (failed): ExitCode => {
        report(io.stderr, failed);
        return failed.exit;
      },
      (user) => {
        const said = `Created ${printable(user.name)}, user ${user.id}. The name is registered now: it needs authParams, and is no guest's.`;
        io.stdout.write(json ? `${JSON.stringify(user, null, 2)}\n` : `${said}\n`);
        return exitCodes.done;
      },
    ),
  )();
};
