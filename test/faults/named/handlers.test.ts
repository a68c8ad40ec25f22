/** Handlers that could stop a session for good, over links that are lost meanwhile. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until, within } from '../../support/until.js';
import { onStage, stores } from './stage.js';

const handlers = suite('a handler');

/** What is waited for until it is opened. */
const gate = (): { readonly opened: Promise<void>; open(): void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

for (const store of stores) {
  handlers(
    `that awaits a request to the other side, whose handler awaits one back, is answered across a loss (${store})`,
    onStage(store, {}, async ({ session, far, proxy, broken, say, isWhole }) => {
      const seen: unknown[] = [];
      far.onRequest('sum', async (n: number) => {
        const { reply } = await far.request('twice', n);
        return (reply as number) + 1;
      });
      let twice = 0;
      session.onRequest('twice', async (n: number) => {
        twice += 1;
        if (n === 2) await broken(() => proxy.cut('both'));
        return n * 2;
      });
      far.on('ask', async (n: number) => {
        const { reply } = await far.request('twice', n, { timeoutMs: 15_000 });
        seen.push([n, reply]);
      });
      say(10);
      const asked = [1, 2, 3].map((n) => session.send('ask', n));
      const sum = session.request('sum', 2, { timeoutMs: 15_000 });
      const statuses = await within(Promise.all(asked.map((sent) => sent.confirmed)), 'all are handled', 20_000);
      assert.ok(statuses.every((confirmed) => confirmed?.status === 'handled'));
      assert.equal(seen, [
        [1, 2],
        [2, 4],
        [3, 6],
      ]);
      assert.is((await sum).reply, 5);
      assert.is(twice, 4, 'each request was handled once');
      say(10);
      await isWhole();
    }),
  );

  handlers(
    `that is slower than every timeout holds back what comes after it, and loses nothing (${store})`,
    onStage(
      store,
      {
        server: { handlerTimeoutMs: 30, requestTimeoutMs: 50, helloTimeoutMs: 200, confirmWithinMs: 200 },
        client: { handlerTimeoutMs: 30, requestTimeoutMs: 50, helloTimeoutMs: 200 },
      },
      async ({ session, far, kitty, proxy, broken, say, up, isWhole }) => {
        let goOn = (): void => undefined;
        let aborted = 0;
        far.on(
          'slow',
          (_, { signal }) =>
            new Promise<void>((resolve) => {
              goOn = resolve;
              signal.addEventListener('abort', () => {
                aborted += 1;
              });
            }),
        );
        const slow = session.send('slow', null);
        say(20);
        await until(() => aborted === 1, 'its signal was aborted');
        for (let loss = 0; loss < 3; loss += 1) await broken(() => proxy.cut('both'));
        const { error, maybeHandled } = await session.request('nobody', 1);
        assert.equal([error?.code, maybeHandled], ['RequestUnhandledError', false], 'requests pass it');
        assert.equal([up.handled, kitty.getSnapshot().status], [[], 'active'], 'the next one waits');
        goOn();
        assert.is((await slow.confirmed)?.status, 'handled');
        await isWhole();
      },
    ),
  );

  handlers(
    `waits on each of two sides that are full at once: answers pass, what has no room is refused, and all that was taken is handled (${store})`,
    onStage(
      store,
      {
        server: { limits: { messageSize: 10_000, window: { messages: 4, size: 1_000 }, buffer: { messages: 16, size: 20_000 } } },
        client: { window: { messages: 4, size: 1_000 }, buffer: { messages: 16, size: 20_000 } },
      },
      async ({ session, far, proxy, broken }) => {
        const answering = gate();
        const handling = gate();
        const handled = { up: [] as number[], down: [] as number[] };
        for (const side of [session, far as unknown as typeof session]) {
          side.onRequest('early', async (n) => {
            await answering.opened;
            return n;
          });
          side.on('fill', async (n: number) => {
            await handling.opened;
            handled[side === session ? 'down' : 'up'].push(n);
          });
        }
        const asked = [session.request('early', 'up', { timeoutMs: 15_000 }), far.request('early', 'down', { timeoutMs: 15_000 })];
        const fill = (from: { readonly send: typeof session.send }) => {
          const accepted: Promise<{ readonly status: string }>[] = [];
          for (let n = 1; ; n += 1) {
            const sent = from.send('fill', n);
            if (!sent.accepted) {
              assert.is(sent.error.code, 'BufferFullError');
              return accepted;
            }
            accepted.push(sent.confirmed);
          }
        };
        const filled = [...fill(session), ...fill(far as unknown as typeof session)];
        await broken(() => proxy.cut('both'));
        answering.open();
        assert.equal(await Promise.all(asked.map(async (answer) => (await answer).reply)), ['up', 'down']);
        await broken(() => proxy.cut('both'));
        handling.open();
        const statuses = await within(Promise.all(filled), 'all are handled', 20_000);
        assert.ok(statuses.every(({ status }) => status === 'handled'));
        for (const list of [handled.up, handled.down])
          assert.equal(
            list,
            list.map((_, index) => index + 1),
          );
        assert.is(handled.up.length + handled.down.length, filled.length);
        assert.ok(filled.length >= 30);
      },
    ),
  );
}

handlers.run();
