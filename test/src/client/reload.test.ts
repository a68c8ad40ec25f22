/** A page that is loaded again and has its session still: `persist: 'tab'`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { JournalPart } from '../../../machines/stream/journal.js';
import type { Head } from '../../../src/client/persist/tab-record.js';
import { helloFromProtocols } from '../../../src/wire/hello.js';
import { clientOn } from './support.js';
import { CLAIMED_MS, sessionOf, withBrowser } from './tabs.js';

const reload = suite('a page that is loaded again');

reload(
  'has its session still: the same id, active at once, and nothing to hand back',
  withBrowser(async ({ tab, load, onServer, ended }) => {
    const here = tab();
    const page = load(here);
    const first = await page.start();
    assert.equal([first.succeeded, first.resumed], [true, false]);
    assert.is(page.kitty.getSnapshot().persisted, true);
    const { id } = page.kitty.session ?? {};
    await page.unload();

    const again = load(here);
    const second = await again.start();
    assert.equal([second.succeeded, second.resumed, second.session?.id, second.session?.user.name], [true, true, id, 'jane']);
    const { status, persisted, unconfirmed, sessionId } = again.kitty.getSnapshot();
    assert.equal([status, persisted, unconfirmed, sessionId], ['active', true, 0, id]);
    assert.equal([again.names, again.gaps], [['active'], []]);
    assert.equal([onServer.length, ended], [1, []]);
  }),
);

reload(
  'still has what it had sent and not heard of, in order, also what never left it',
  withBrowser(async ({ host, load, heard, opened }) => {
    const { here, page, session } = await opened();
    session.send('up', 1);
    await page.unload();
    const offline = load(here);
    const back = await sessionOf(offline.start());
    offline.cut();
    back.send('up', 2);
    back.send('up', 3);
    // Sent in the same turn as the page goes: what was accepted is kept.
    await offline.unload();

    const again = load(here);
    const last = await sessionOf(again.start());
    last.send('up', 4);
    await host.settle();
    assert.is((await again.kitty.startSession({ username: 'jane' })).error?.code, 'SessionActiveError');
    assert.equal(
      heard.map(({ payload }) => payload),
      [1, 2, 3, 4],
    );
    assert.is(
      heard.some(({ redelivered }) => redelivered),
      false,
    );
  }),
);

reload(
  'gets again what it had not handled, marked where it may have, and what is new, not marked',
  withBrowser(async ({ host, load, onServer, opened }) => {
    const { here, page, session } = await opened();
    const runs: string[] = [];
    session.on('down', async (payload) => {
      runs.push(`first page ${payload}`);
      if (payload === 2) await new Promise(() => undefined);
    });
    const [server] = onServer;
    const confirmed: string[] = [];
    for (const n of [1, 2, 3]) {
      const sent = server?.send('down', n);
      void sent?.confirmed?.then(({ status }) => confirmed.push(`${n} ${status}`));
    }
    await host.advance(100);
    assert.equal(runs, ['first page 1', 'first page 2']);
    await page.unload();
    server?.send('down', 4);

    const again = load(here);
    const heard: unknown[] = [];
    const back = await sessionOf(
      (() => {
        const starting = again.start();
        again.kitty.on('active', () =>
          again.kitty.session?.on('down', (payload, { redelivered }) => void heard.push([payload, redelivered])),
        );
        return starting;
      })(),
    );
    await host.advance(100);
    assert.equal(heard, [
      [2, true],
      [3, true],
      [4, false],
    ]);
    server?.send('down', 5);
    await host.advance(100);
    assert.equal(heard.at(-1), [5, false]);
    assert.equal(confirmed, ['1 handled', '2 handled', '3 handled']);
    assert.is(back.id, server?.id);
  }),
);

reload(
  'is waited for by its handlers: what was missed is handled once these are registered',
  withBrowser(async ({ host, tab, load, onServer }) => {
    const here = tab();
    const page = load(here);
    await page.start();
    await page.unload();
    onServer[0]?.send('down', 'missed');
    const again = load(here, { persist: 'tab' });
    const starting = again.kitty.startSession({ username: 'jane' });
    const heard: unknown[] = [];
    void starting.then(({ session }) => session?.on('down', (payload) => void heard.push(payload)));
    await again.looked();
    await host.settle();
    assert.equal(heard, ['missed']);
  }),
);

reload(
  'may be loaded again and again, also before its start is answered: nothing is lost, nothing doubled unmarked',
  withBrowser(async ({ host, tab, load, heard, onServer }) => {
    const here = tab();
    let sent = 0;
    const down: { readonly n: number; readonly redelivered: boolean }[] = [];
    let told = 0;
    for (let life = 0; life < 30; life += 1) {
      const page = load(here);
      const starting = page.kitty.startSession({ username: 'jane' });
      page.kitty.on('active', () => {
        page.kitty.session?.on('down', (n, { redelivered }) => void down.push({ n: n as number, redelivered }));
        for (let k = 0; k < 5; k += 1) {
          sent += 1;
          page.kitty.session?.send('up', sent);
        }
      });
      void starting;
      await page.looked();
      // Each time so many turns later than the time before.
      for (let turn = 0; turn < life; turn += 1) {
        if (turn % 4 === 0 && onServer.length > 0) {
          told += 1;
          onServer[0]?.send('down', told);
        }
        await host.advance(1);
      }
      await page.unload();
    }
    const last = load(here);
    last.kitty.on('active', () => last.kitty.session?.on('down', (n, { redelivered }) => void down.push({ n: n as number, redelivered })));
    await last.start();
    await host.advance(5_000);
    assert.ok(sent > 50 && told > 50, `${sent} up, ${told} down`);
    assert.equal(
      heard.map(({ payload }) => payload),
      Array.from({ length: sent }, (_, index) => index + 1),
    );
    const first = new Map<number, boolean>();
    for (const { n, redelivered } of down) {
      if (first.has(n)) assert.is(redelivered, true, `${n} came again without its mark`);
      first.set(n, redelivered);
    }
    assert.equal(
      [...first.keys()],
      Array.from({ length: told }, (_, index) => index + 1),
    );
    assert.is(onServer.length, 1);
  }),
);

reload(
  'waits for the page before it, which the browser may let live for a moment',
  withBrowser(async ({ tab, load, onServer }) => {
    const here = tab();
    const page = load(here);
    await page.start();
    await page.unload(300);
    const again = load(here);
    const { resumed } = await again.start({}, 400);
    assert.equal([resumed, onServer.length], [true, 1]);
  }),
);

reload(
  'has written whatever it says before that leaves: messages with their numbers, what it has done, and the token to come',
  withBrowser(async ({ host, tab, load, onServer }) => {
    const here = tab();
    const seen = { items: 0, acks: 0, tokens: 0 };
    const head = (): Head => JSON.parse([...here.texts].find(([key]) => /^ninelives:[\w-]+$/.test(key))?.[1] ?? '{}') as Head;
    const parts = (): readonly JournalPart[] =>
      [...here.texts].flatMap(([key, text]) => (/^ninelives:[\w-]+:\d+$/.test(key) ? [JSON.parse(text) as JournalPart] : []));
    const frame = (fields: readonly [string, ...unknown[]]): void => {
      const [tag, one, two] = fields;
      if (tag === 'a') {
        seen.acks += 1;
        assert.ok(head().positions.done >= (two as number), `${two} is told as done`);
      }
      if (tag !== 'm') return;
      seen.items += 1;
      const entry = parts()
        .flatMap(({ entries }) => entries)
        .find(({ item }) => 'payload' in item && item.payload === JSON.stringify(two));
      assert.ok(entry !== undefined, `${one} ${two} left and is not written`);
      const numbers = parts().flatMap((part) => part.numbers);
      assert.ok(
        numbers.some(([, ticket, count]) => ticket <= (entry?.ticket ?? 0) && (entry?.ticket ?? 0) < ticket + count),
        `${two} has its number`,
      );
    };
    const leaves = (texts: readonly string[]): void => {
      const offered = helloFromProtocols(texts);
      const resume = offered.kind === 'hello' ? offered.frame.hello.resume : undefined;
      if (resume !== undefined) {
        seen.tokens += 1;
        assert.equal([head().nextToken, head().life], [resume.next, resume.life ?? 0]);
      }
      for (const text of texts) if (text.startsWith('[[')) for (const fields of JSON.parse(text) as [string][]) frame(fields);
    };
    for (let life = 0; life < 3; life += 1) {
      const page = load(here, { leaves });
      const session = await sessionOf(page.start());
      session.on('down', () => undefined);
      for (let n = 0; n < 10; n += 1) {
        session.send('up', life * 10 + n);
        onServer[0]?.send('down', n);
        if (n % 3 === 0) await host.advance(40);
      }
      page.cut();
      await host.advance(3_000);
      await page.unload();
    }
    assert.ok(seen.items >= 30 && seen.acks >= 10 && seen.tokens >= 5, JSON.stringify(seen));
  }),
);

const duplicate = suite('a duplicated tab');

duplicate(
  'has a session of its own, and takes nothing from the other: neither its session, nor what it keeps',
  withBrowser(async ({ host, load, onServer, ended, heard, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 'of the first');
    await host.settle();
    const copy = here.duplicate();
    const other = load(copy);
    const result = await other.start({}, CLAIMED_MS);
    assert.equal([result.succeeded, result.resumed, other.gaps], [true, false, []]);
    assert.is.not(result.session?.id, session.id);
    assert.is(other.kitty.getSnapshot().persisted, true);
    assert.equal([page.kitty.getSnapshot().status, onServer.length, ended], ['active', 2, []]);
    assert.equal(heard, [{ payload: 'of the first', redelivered: false }]);
    assert.is(
      [...copy.texts.keys()].some((key) => key.includes(session.id)),
      false,
      'What was copied is removed.',
    );

    // Each goes on as itself.
    await page.unload();
    await other.unload();
    const ids = [];
    for (const where of [here, copy]) ids.push((await load(where).start()).session?.id);
    assert.equal(ids, [session.id, result.session?.id]);
  }),
);

duplicate(
  'has to wait only once: its own session is free when it is loaded again',
  withBrowser(async ({ tab, load }) => {
    const here = tab();
    await load(here).start();
    const copy = here.duplicate();
    const other = load(copy);
    await other.start({}, CLAIMED_MS);
    await other.unload();
    assert.is((await load(copy).start()).resumed, true);
  }),
);

const over = suite('what an earlier page left and does not go on');

over(
  'is handed back where the server does not know it any more: a new session, and a gap with what was not confirmed',
  withBrowser(async ({ host, load, onServer, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 'kept', { ttlMs: 3_600_000 });
    await page.unload();
    await host.advance(70_000);

    const again = load(here);
    const { resumed, session: fresh } = await again.start();
    assert.is(resumed, false);
    assert.equal(again.names, ['active', 'gap']);
    const [gap] = again.gaps;
    assert.equal([gap?.formerSessionId, gap?.sessionId, gap?.user.name], [session.id, fresh?.id, 'jane']);
    assert.equal(
      gap?.unconfirmed.map(({ kind, type, payload, shipped }) => ({ kind, type, payload, shipped })),
      [{ kind: 'message', type: 'up', payload: 'kept', shipped: false }],
    );
    assert.is(onServer.length, 2);
    await again.unload();
    assert.equal((await load(here).start()).session?.id, fresh?.id, 'The new one is what is kept now.');
  }),
);

over(
  "is another user's: it is ended, and what was not confirmed is handed back",
  withBrowser(async ({ load, ended, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', "jane's");
    await page.unload();
    const again = load(here);
    const { resumed, session: own } = await again.start({ username: 'bob' });
    assert.equal([resumed, own?.user.name], [false, 'bob']);
    assert.equal(ended, ['jane ended']);
    assert.equal(
      again.gaps.map(({ formerSessionId, unconfirmed }) => [formerSessionId, unconfirmed.length]),
      [[session.id, 1]],
    );
    assert.is(
      [...here.texts.keys()].some((key) => key.includes(session.id)),
      false,
    );
  }),
);

over(
  "is a guest's, and who starts brings a credential: it is ended; the reverse goes on, since a page keeps no credential",
  withBrowser(
    async ({ tab, load, ended }) => {
      const here = tab();
      const page = load(here);
      await page.start();
      await page.unload();
      const again = load(here);
      const signed = await again.start({ authParams: { password: 'x' } });
      assert.equal([signed.resumed, signed.session?.user.isGuest, ended], [false, false, ['jane ended']]);
      await again.unload();
      const without = await load(here).start();
      assert.equal([without.resumed, without.session?.user.isGuest], [true, false]);
    },
    { authenticate: () => undefined },
  ),
);

over(
  'had begun to end: it does not come back',
  withBrowser(async ({ tab, load, onServer, ended }) => {
    const here = tab();
    const page = load(here);
    await page.start();
    const { session } = page.kitty;
    // Its handler keeps the goodbye from being over.
    onServer[0]?.on('slow', () => new Promise(() => undefined));
    session?.send('slow', null);
    void page.kitty.endSession();
    await page.unload();
    assert.equal(ended, ['jane ended'], 'A page that was saying goodbye says it.');
    const again = load(here);
    assert.equal([(await again.start()).resumed, again.gaps.map(({ formerSessionId }) => formerSessionId)], [false, [session?.id]]);
  }),
);

over(
  'is nothing once the session was ended, or its user left: no secret stays in the tab',
  withBrowser(async ({ host, tab, load, server }) => {
    const here = tab();
    const page = load(here);
    await page.start();
    assert.ok(here.texts.size > 0);
    void page.kitty.endSession();
    await host.advance(100);
    assert.is(page.kitty.getSnapshot().status, 'ended');
    assert.equal([here.texts.size, page.kitty.getSnapshot().persisted], [0, false]);
    await page.start();
    assert.ok(here.texts.size > 0);
    void server.sessions.revoke(page.kitty.session?.id ?? '');
    await host.advance(100);
    assert.equal([page.kitty.getSnapshot().endReason, here.texts.size], ['revoked', 0]);
  }),
);

over(
  'is not given back for its tokens: a start without it follows, and what was not confirmed is handed back',
  withBrowser(async ({ host, load, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 1);
    await page.unload();
    for (const [key, text] of here.texts) here.texts.set(key, text.replace(/"token":"[\w-]{43}"/, `"token":"${'x'.repeat(43)}"`));
    const again = load(here);
    const { succeeded, resumed } = await again.start({}, 2_000);
    assert.equal([succeeded, resumed, again.names], [true, false, ['active', 'gap']]);
    assert.is(again.gaps[0]?.unconfirmed.length, 1);
    await host.settle();
  }),
);

over(
  'stays for the next start where this one failed or was taken back',
  withBrowser(async ({ host, server, serve, load, heard, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 'kept');
    await page.unload();
    const again = load(here);
    serve({ ...server, accept: (socket) => socket.close(1013, '') });
    const failed = await again.start({ deadlineMs: 1_000 }, 1_100);
    assert.is(failed.error?.code, 'StartTimeoutError');
    const controller = new AbortController();
    const starting = again.kitty.startSession({ username: 'jane', signal: controller.signal });
    await again.looked();
    controller.abort();
    assert.is((await starting).error?.code, 'StartAbortedError');
    await host.settle();
    serve(server);
    const { resumed, session: back } = await again.start();
    assert.equal([resumed, back?.id, again.gaps], [true, session.id, []]);
    assert.equal(heard, [{ payload: 'kept', redelivered: false }]);
  }),
);

const storage = suite("a tab's storage");

storage(
  'that is full shows as `persisted: false`, and the session goes on; once there is less to keep, it is kept again',
  withBrowser(async ({ host, tab, load, heard }) => {
    const here = tab();
    here.room = 4_000;
    const page = load(here);
    const session = await sessionOf(page.start());
    assert.is(page.kitty.getSnapshot().persisted, true);
    page.cut();
    const sent = session.send('up', 'x'.repeat(5_000));
    await host.settle();
    assert.equal([sent.accepted, page.kitty.getSnapshot().persisted, here.texts.size], [true, false, 0]);
    await host.advance(3_000);
    assert.is(heard.length, 1);
    session.send('up', 'small');
    await host.advance(100);
    assert.is(page.kitty.getSnapshot().persisted, true);
    await page.unload();
    assert.is((await load(here).start()).resumed, true);
    assert.equal(
      heard.map(({ payload }) => String(payload).length),
      [5_000, 5],
    );
  }),
);

storage(
  'that takes nothing, or is forbidden, is no failure: the session is not kept, and a page that goes says goodbye',
  withBrowser(async ({ tab, load, ended }) => {
    for (const withoutTab of ['none', 'fails', undefined] as const) {
      const here = tab();
      here.room = 0;
      const page = load(here, { withoutTab });
      assert.is((await page.start()).succeeded, true);
      assert.is(page.kitty.getSnapshot().persisted, false);
      await page.unload();
    }
    assert.equal(ended, ['jane ended', 'jane ended', 'jane ended']);
  }),
);

storage(
  'has no more than what is not confirmed, however long the session lives',
  withBrowser(async ({ host, opened }) => {
    const { here, session } = await opened();
    for (let n = 0; n < 200; n += 1) {
      session.send('up', n);
      await host.advance(1);
    }
    await host.advance(100);
    assert.is(here.texts.size, 1);
  }),
);

storage(
  'that holds nonsense is as good as an empty one',
  withBrowser(async ({ load, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 1);
    await page.unload();
    // A part of the journal is gone, and there are records of nobody.
    here.texts.delete(`ninelives:${session.id}:1`);
    here.texts.set('ninelives:abc', '{"v":7}');
    here.texts.set('ninelives:def', 'no json');
    here.texts.set('of the app', 'stays');
    const again = load(here);
    assert.equal([(await again.start()).resumed, again.gaps], [false, []]);
    assert.is(here.texts.get('of the app'), 'stays');
  }),
);

storage(
  "keeps the sessions of two clients of one page apart, and shows no server another one's",
  withBrowser(async ({ load, opened }) => {
    const { here, page, session } = await opened();
    await page.unload();
    const elsewhere = load(here, { url: 'ws://elsewhere' });
    assert.is((await elsewhere.start()).resumed, false);
    await elsewhere.unload();
    assert.is((await load(here).start()).session?.id, session.id);
  }),
);

storage(
  'is written anew by a page that comes back from the back-forward cache, since another one was there meanwhile',
  withBrowser(async ({ host, load, opened }) => {
    const { here, page, session } = await opened();
    page.cut();
    session.send('up', 1);
    here.texts.clear();
    page.hint('thawed');
    assert.ok(here.texts.size > 0);
    await host.advance(3_000);
    await page.unload();
    assert.is((await load(here).start()).session?.id, session.id);
  }),
);

storage('is the only place that can be named', () => {
  for (const persist of ['disk', null, true])
    assert.throws(
      () => clientOn(virtualHost({ seed: 1 }), { url: 'ws://localhost:1', persist: persist as 'tab' }),
      /`persist` is 'tab' or left out/,
    );
});

reload.run();
duplicate.run();
over.run();
storage.run();
