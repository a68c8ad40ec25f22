/** With effects held, two batches that came before the first was delivered: the second took the first one's place. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServerConnection } from '../../src/server/connection.js';
import { SessionServer } from '../../src/server/server.js';
import { encodeBatch } from '../../src/wire/encode.js';
import { until } from '../support/until.js';

const test = suite('effects that are held');

test('what came in several batches before a step is delivered whole, in its order', async () => {
  const server = new SessionServer({ guests: true, logger: false });
  const heard: unknown[] = [];
  server.on('session', (session) => void session.on('chat', (payload) => void heard.push(payload)));
  let events: Parameters<ConstructorParameters<typeof ServerConnection>[1]['listen']>[0] | null = null;
  const socket = {
    send: () => undefined,
    close: () => undefined,
    bufferedAmount: 0,
    listen: (given: typeof events) => {
      events = given;
    },
  };
  const request = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };
  const connection = new ServerConnection(server, socket as never, request, true);
  const stepAll = (): void => {
    while (connection.steps.step());
  };
  const says = (...frames: Parameters<typeof encodeBatch>[0]): void => events?.received(encodeBatch(frames));

  connection.open({ kind: 'none' });
  const start = { username: 'jane', token: 'A'.repeat(43) };
  says({ kind: 'hello', hello: { v: 1, features: [], window: { messages: 10, size: 1_000 }, start } });
  await until(() => {
    stepAll();
    return connection.state === 'unconfirmed' ? true : undefined;
  }, 'it is welcomed');
  says({ kind: 'confirm' });
  stepAll();
  says({ kind: 'message', type: 'chat', payload: '1' });
  says({ kind: 'message', type: 'chat', payload: '2' });
  stepAll();
  assert.equal(heard, [1, 2]);
  await server.close();
});

test.run();
