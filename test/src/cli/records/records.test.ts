import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodes } from '../../../../src/cli/exit.js';
import { createClient } from '../../../../src/client/index.node.js';
import { cli, inFolder, serve } from '../support.js';

const records = suite('ninelives users and sessions');

const json = async <A>(folder: string, args: readonly string[]): Promise<A> => {
  const { code, stdout, stderr } = await cli(folder, [...args, '--json']);
  assert.is(code, exitCodes.done, stderr);
  return JSON.parse(stdout) as A;
};

interface Listed<Row> {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly items: readonly Row[];
}
interface UserRow {
  readonly name: string;
  readonly isGuest: boolean;
  readonly presence: { readonly online: boolean };
}
interface SessionRow {
  readonly id: string;
  readonly state: string;
  readonly endReason: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

records(
  'where there is no store they say so, and what to do',
  inFolder(async (folder) => {
    for (const command of ['users', 'sessions']) {
      const { code, stderr } = await cli(folder, [command]);
      assert.is(code, exitCodes.unavailable);
      assert.match(stderr, /There is no store at .*ninelives\.db/);
      assert.match(stderr, '--store PATH');
    }
    const { code, stderr } = await cli(folder, ['users'], { env: { NINELIVES_STORE: 'memory' } });
    assert.is(code, exitCodes.usage);
    assert.match(stderr, 'NINELIVES_STORE is `memory`');
  }),
);

records(
  'an empty list says so',
  inFolder(async (folder) => {
    await (await serve(folder)).stop();
    assert.match((await cli(folder, ['users'])).stdout, /^No users\./);
    assert.match((await cli(folder, ['sessions'])).stdout, /^No sessions\./);
    assert.match((await cli(folder, ['sessions', '--state', 'active'])).stdout, /^No sessions are like that\./);
    assert.equal(await json(folder, ['users']), { page: 1, size: 25, total: 0, items: [] });
  }),
);

records(
  'they read beside a running server, and after it what it kept',
  inFolder(async (folder) => {
    const server = await serve(folder, ['--password', 'jane=x']);
    const [jane, joe] = [createClient({ url: server.url }), createClient({ url: server.url })];
    const started = await jane.startSession({ username: 'jane', authParams: { password: 'x' } });
    await joe.startSession({ username: 'joe' });
    // A reply comes after the server has announced the session.
    await started.session?.request('whoami', null);
    const names = async (...args: string[]) => (await json<Listed<UserRow>>(folder, ['users', ...args])).items.map(({ name }) => name);
    assert.equal(await names(), ['jane', 'joe']);
    assert.equal(await names('--guests'), ['joe']);
    assert.equal(await names('--no-guests', '--online'), ['jane']);
    assert.equal(await names('--no-online'), []);
    assert.equal(await names('--size', '1', '--page', '2'), ['joe']);
    const active = await json<Listed<SessionRow>>(folder, ['sessions', '--state', 'active', '--user', 'jane']);
    assert.equal(
      active.items.map(({ id }) => id),
      [started.session?.id],
    );

    const table = await cli(folder, ['sessions']);
    assert.match(table.stdout, /^ID +USER +STATE +STARTED +ENDED +REASON +CLIENT\n/);
    assert.match(table.stdout, /joe +ACTIVE +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +ninelives\//);
    assert.match(table.stdout, /\n2 sessions\n$/);
    assert.match((await cli(folder, ['users', '--size', '1'])).stdout, '2 users, page 1 of 2; --page 2 has the next');
    assert.match((await cli(folder, ['users', '--page', '9'])).stdout, 'There is no page 9: 2 users fill 1 page.');

    await jane.endSession();
    await joe.endSession();
    await server.stop();
    const { items, total } = await json<Listed<SessionRow>>(folder, ['sessions']);
    assert.is(total, 2);
    for (const { state, endReason, createdAt, endedAt } of items) {
      assert.equal([state, endReason], ['ENDED', 'ended']);
      for (const time of [createdAt, endedAt]) assert.is(new Date(time ?? '').toISOString(), time);
    }
    assert.equal(await names('--online'), []);
  }),
);

records(
  'a session whose server was killed waits for its client at the next one: ACTIVE, and its user is not online',
  inFolder(async (folder) => {
    const killed = await serve(folder);
    const kitty = createClient({ url: killed.url, giveUpAfterMs: 1 });
    const { session } = await kitty.startSession({ username: 'joe' });
    await session?.request('whoami', null);
    killed.child.kill('SIGKILL');
    assert.is(await killed.ended, 'SIGKILL');
    await kitty.endSession();
    assert.is((await json<Listed<SessionRow>>(folder, ['sessions', '--state', 'active'])).total, 1);
    const next = await serve(folder);
    const [row] = (await json<Listed<SessionRow>>(folder, ['sessions'])).items;
    assert.equal([row?.id, row?.state, row?.endReason], [session?.id, 'ACTIVE', null]);
    assert.equal((await json<Listed<UserRow>>(folder, ['users', '--online'])).items, []);
    await next.stop();
  }),
);

records(
  'a user is created while no server holds the file, and is refused while one does',
  inFolder(async (folder) => {
    const created = await cli(folder, ['users', 'create', 'jane', '--display-name', 'Jane Doe']);
    assert.is(created.code, exitCodes.done, created.stderr);
    assert.match(created.stdout, 'Created jane, user 1.');
    const again = await cli(folder, ['users', 'create', 'jane']);
    assert.is(again.code, exitCodes.failed);
    assert.match(again.stderr, 'There is a user of this name already');
    assert.is((await cli(folder, ['users', 'create', ' jane'])).code, exitCodes.usage);
    assert.match((await cli(folder, ['users'])).stdout, /1 +jane +Jane Doe +registered +no/);

    const server = await serve(folder);
    const held = await cli(folder, ['users', 'create', 'joe']);
    assert.is(held.code, exitCodes.unavailable);
    assert.match(held.stderr, `another server writes this file (process ${server.child.pid}`);
    assert.match(held.stderr, 'server.users.create');
    const guest = await createClient({ url: server.url }).startSession({ username: 'jane' });
    assert.is(guest.error?.code, 'AccessDeniedError');
    await server.stop();
    assert.is((await json<Listed<UserRow>>(folder, ['users'])).total, 1);
  }),
);

records(
  'a file that is no store is told as such, and stays as it is',
  inFolder(async (folder) => {
    const { code, stderr } = await cli(folder, ['users', '--store', '.']);
    assert.is(code, exitCodes.unavailable);
    assert.match(stderr, 'is a directory');
  }),
);

records.run();
