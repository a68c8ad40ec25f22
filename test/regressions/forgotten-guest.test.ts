/** A guest whose name came with a start that nobody confirmed was forgotten with it, and then to be set offline: the log said that the store had failed, whenever a stranger liked. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { helloFor } from '../support/raw.js';
import { withVirtualWorld } from '../support/virtual.js';

const test = suite('a guest who signed in');

test(
  'is forgotten, and not set offline when their grace time is over',
  withVirtualWorld({ authenticate: () => undefined, presenceGraceMs: 15_000 }, async ({ client, socket, host, log }) => {
    const { socket: stranger } = socket();
    await host.advance(0);
    stranger.send(JSON.stringify([['hello', helloFor('guest')]]));
    await host.advance(0);
    const { client: eve } = client();
    const starting = eve.startSession({ username: 'guest' });
    await host.advance(100);
    const started = await starting;
    assert.ok(started.succeeded);
    const signing = started.session?.signIn({ username: 'eve', authParams: {} });
    await host.advance(100);
    assert.ok((await signing)?.succeeded);
    stranger.close();
    await host.advance(20_000);
    assert.equal(
      log.lines.filter(({ level }) => level === 'error').map(({ message, fields }) => [message, fields]),
      [],
    );
  }),
);

test.run();
