/** The date jumps an hour, back or forth, while sessions are active and while they are lost: spans are not dates. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { virtualWorld } from '../../support/virtual.js';

const test = suite('a clock that steps');

const second = 1_000;
const hour = 3_600 * second;

for (const [title, stepMs] of [
  ['an hour ahead', hour],
  ['an hour back', -hour],
] as const)
  test(`${title}, while a session is active and while it is lost: it goes on, and nothing is lost, expired or doubled`, async () => {
    const world = virtualWorld({ store: sqlite(':memory:'), resumeWindowMs: 120 * second });
    const { host, server, ended } = world;
    const handled: unknown[] = [];
    const echoes: unknown[] = [];
    server.on('session', (session) => {
      session.on('note', (value) => {
        handled.push(value);
        session.send('echo', value, { ttlMs: 60 * second });
      });
    });
    const { client, sockets } = world.client();
    const starting = client.startSession({ username: 'jane' });
    await host.advance(second);
    const { session } = await starting;
    if (session === undefined) throw new Error('it did not start');
    session.on('echo', (value) => void echoes.push(value));
    client.on('gap', () => assert.unreachable('nothing is lost'));
    const lost: unknown[] = [];
    client.on('lost', (what) => void lost.push(what));
    host.stepWall(stepMs);
    session.send('note', 1);
    await host.advance(20 * second);
    assert.equal([handled, echoes, lost], [[1], [1], []], 'active: no loss is concluded from it');
    sockets.cut();
    session.send('note', 2, { ttlMs: 60 * second });
    host.stepWall(stepMs);
    await host.advance(30 * second);
    assert.equal([handled, echoes, client.getSnapshot().status], [[1, 2], [1, 2], 'active']);
    assert.equal([ended, client.getSnapshot().unconfirmed], [[], 0]);
    await world.close();
  });

test.run();
