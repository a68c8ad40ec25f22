/** A session that its app took away, or ended, when it heard that it was there again after a restart stayed: it had nothing yet that could be told. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Server, ServerSession } from '../../src/server/index.js';
import { testWorld } from '../../src/testing/index.js';

const test = suite('a session that is recovered');

for (const [how, reason, status] of [
  ['revoke', 'revoked', 'revoked'],
  ['end', 'ended', 'ended'],
] as const)
  test(`is over where its app says ${how} when it hears of it`, async () => {
    const ended: string[] = [];
    const app = (server: Server): void => {
      server.on('ended', (_session, why) => void ended.push(why.reason));
      server.on('session', (session: ServerSession, { recovered }) => {
        if (recovered) session[how]();
      });
    };
    const world = testWorld({ app });
    const kitty = world.client();
    await world.start(kitty, { username: 'jane' });
    await world.killServer();
    await world.restartServer();
    assert.equal(ended, [reason]);
    await world.advance(60_000);
    assert.equal([kitty.getSnapshot().status, kitty.getSnapshot().endReason], ['ended', status]);
    await world.close();
  });

test.run();
