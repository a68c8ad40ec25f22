import { deepStrictEqual, doesNotThrow, ok, strictEqual } from 'node:assert/strict';
import type { Failure } from '../../machines/reasons.js';
import {
  lateCredential,
  message,
  type Opened,
  openLink,
  openWelcomed,
  secrets,
  startOpening,
  type TransportBench,
  wholeSession,
} from './transport-bench.js';
import { type Feature, type On, SHORT_MS, transportFeatures } from './transport-features.js';

export type { TransportBench, Visit } from './transport-bench.js';
export type { Feature } from './transport-features.js';

/** How a test runner takes a test: `suite` of uvu, `test` of `node:test`, ... */
export type Test = (title: string, run: () => Promise<void>) => void;

/** Long enough for frames with an extended length (RFC 6455 §5.2), in characters. */
const LONG = 70_000;

const denial: Failure = { code: 'AccessDeniedError', message: 'The server did not admit this user.' };
const busy: Failure = { code: 'ServerBusyError', message: 'Come back.', retryAfterMs: 1_500, spreadMs: 500 };

/** A failure of the app's own, as the shell gives it to a transport. */
const given = Object.assign(new Error('unavailable'), { failure: { code: 'InvalidAuthParamsError', message: 'Given.' } satisfies Failure });

/**
 * What every adapter of the Transport port must do, as tests. `make` gives a fresh bench for each of them. What a wire has no way to say
 * (a goodbye, a resume) its bench's server leaves out by `without`.
 *
 * @example
 * const test = suite('my transport');
 * transportContract(test, makeMyBench, { without: ['resume'] });
 * test.run();
 */
export const transportContract = (
  test: Test,
  make: () => TransportBench | Promise<TransportBench>,
  { without = [] }: { readonly without?: readonly Feature[] } = {},
): void => {
  const on: On = (title, run) =>
    test(title, async () => {
      const bench = await make();
      const watched: Opened[] = [];
      try {
        await run(bench, (opened) => {
          watched.push(opened);
          return opened;
        });
        const told = JSON.stringify(watched.map(({ ear }) => ear.told));
        for (const [name, secret] of Object.entries(secrets)) ok(!told.includes(secret), `the ${name} was told: ${told}`);
      } finally {
        for (const { link } of watched) link.close();
        await bench.close();
      }
    });

  on('it has a name', async ({ transport }) => ok(transport.name.length > 0));

  on('nothing is told from inside the calls that open and close', async (bench, watch) => {
    for (const through of [bench.transport, bench.refused, bench.silent]) {
      const { link, ear } = watch(openLink(bench, { through }));
      deepStrictEqual(ear.told, []);
      link.close();
      deepStrictEqual(ear.told, []);
    }
    await wholeSession(bench);
    for (const through of [bench.refused, bench.silent]) watch(openLink(bench, { through })).link.close(true);
  });

  on('a start is opened, then welcomed, and carries its credential to the server', async (bench, watch) => {
    const { ear, asked } = watch(openLink(bench));
    const visit = await bench.visit();
    strictEqual(visit.asks, 'start');
    deepStrictEqual(visit.credential, { ...startOpening });
    visit.welcome();
    await ear.hears('welcomed');
    deepStrictEqual(ear.words, ['opened', 'welcomed']);
    const [, word] = ear.told.filter((told) => told !== 'measured');
    ok(typeof word === 'object' && 'welcomed' in word);
    strictEqual(word.welcomed.outcome, 'started');
    strictEqual(word.positions, null);
    strictEqual(asked.length, 1);
    strictEqual(asked[0]?.aborted, false);
  });

  on('the credential is waited for, and no connection asks for anything before it is there', async (bench, watch) => {
    const { start, give } = lateCredential();
    const { ear } = watch(openLink(bench, { start }));
    await wholeSession(bench);
    strictEqual(bench.visits, 1);
    give();
    (await bench.visit()).welcome();
    await ear.hears('welcomed');
  });

  on('closed while it waits for the credential, it aborts the asking, tells nothing and visits nobody', async (bench, watch) => {
    const { start, give } = lateCredential();
    const { link, ear, asked, whenAsked } = watch(openLink(bench, { start }));
    await whenAsked;
    link.close();
    strictEqual(asked[0]?.aborted, true);
    give();
    await wholeSession(bench);
    strictEqual(bench.visits, 1);
    deepStrictEqual(ear.words, []);
  });

  on('a credential that the shell could not give ends it with the failure given', async (bench, watch) => {
    const { ear } = watch(openLink(bench, { start: () => Promise.reject(given) }));
    deepStrictEqual(await ear.failure(), given.failure);
  });

  on('whatever else is thrown for a credential is kept out of sight', async (bench, watch) => {
    for (const thrown of [new Error(secrets.password), secrets.password, undefined, null]) {
      const { ear } = watch(openLink(bench, { start: () => Promise.reject(thrown) }));
      strictEqual((await ear.failure()).code, 'AuthParamsUnavailableError');
    }
    await wholeSession(bench);
    strictEqual(bench.visits, 1);
  });

  for (const what of [denial, busy])
    on(`a denial is told once, with what the server said of ${what.code}, and nothing after it`, async (bench, watch) => {
      const { link, ear, asked } = watch(openLink(bench));
      const visit = await bench.visit();
      visit.deny(what);
      const { code, retryAfterMs, spreadMs } = await ear.failure();
      deepStrictEqual([code, retryAfterMs, spreadMs], [what.code, what.retryAfterMs, what.spreadMs]);
      strictEqual(asked[0]?.aborted, true);
      visit.send([message('late')]);
      link.write([message('late')]);
      await wholeSession(bench);
      deepStrictEqual(ear.words, ['opened', 'denied']);
      deepStrictEqual(visit.heard, []);
    });

  on('where nobody accepts, it is lost', async (bench, watch) => {
    const { ear } = watch(openLink(bench, { through: bench.refused }));
    strictEqual((await ear.failure()).code, 'ConnectionFailedError');
    await wholeSession(bench);
    deepStrictEqual(ear.words, ['lost']);
  });

  on('an opening that takes longer than it may is lost', async (bench, watch) => {
    const { ear } = watch(openLink(bench, { through: bench.silent, options: { connectTimeoutMs: SHORT_MS } }));
    await bench.advance(SHORT_MS);
    strictEqual((await ear.failure()).code, 'ConnectTimeoutError');
    deepStrictEqual(ear.words, ['lost']);
  });

  on('a hello that is not answered in time is lost, and an answer that comes later is not told', async (bench, watch) => {
    const { ear } = watch(openLink(bench, { options: { helloTimeoutMs: SHORT_MS } }));
    const visit = await bench.visit();
    await ear.hears('opened');
    await bench.advance(SHORT_MS);
    strictEqual((await ear.failure()).code, 'HelloTimeoutError');
    visit.welcome();
    await wholeSession(bench);
    deepStrictEqual(ear.words, ['opened', 'lost']);
  });

  on('a connection that breaks is lost, before the verdict and after it', async (bench, watch) => {
    const { ear } = watch(openLink(bench));
    const visit = await bench.visit();
    await ear.hears('opened');
    visit.cut();
    await ear.failure();
    const second = watch(openLink(bench));
    const again = await bench.visit();
    again.welcome();
    await second.ear.hears('welcomed');
    again.cut();
    await second.ear.failure();
    strictEqual(second.asked[0]?.aborted, true);
    await wholeSession(bench);
    deepStrictEqual(ear.words, ['opened', 'lost']);
    deepStrictEqual(second.ear.words, ['opened', 'welcomed', 'lost']);
  });

  on('a peer that breaks the rules is lost as that, before the verdict and after it', async (bench, watch) => {
    const first = watch(openLink(bench));
    (await bench.visit()).babble();
    strictEqual((await first.ear.failure()).code, 'ProtocolError');
    const second = watch(openLink(bench));
    const visit = await bench.visit();
    visit.welcome();
    await second.ear.hears('welcomed');
    visit.babble();
    visit.send([message('behind it')]);
    strictEqual((await second.ear.failure()).code, 'ProtocolError');
    await wholeSession(bench);
    deepStrictEqual(second.ear.words, ['opened', 'welcomed', 'lost']);
  });

  on(
    'data and facts come in one order: what came with the welcome behind it, what came before the end ahead of it',
    async (bench, watch) => {
      const { ear } = watch(openLink(bench));
      const visit = await bench.visit();
      visit.welcome([message(1), message(2)]);
      visit.send([message(3)]);
      visit.send([message(4), { kind: 'end' }]);
      visit.bye({ code: 'SessionRevokedError', message: 'The server took the session away.' });
      strictEqual((await ear.failure()).code, 'SessionRevokedError');
      deepStrictEqual(ear.received, [
        { kind: 'message', type: 'note', payload: 1 },
        { kind: 'message', type: 'note', payload: 2 },
        { kind: 'message', type: 'note', payload: 3 },
        { kind: 'message', type: 'note', payload: 4 },
        { kind: 'end' },
      ]);
      const words = [...new Set(ear.words)];
      deepStrictEqual(words, ['opened', 'welcomed', 'received', 'lost']);
      strictEqual(ear.words.indexOf('welcomed'), 1);
      strictEqual(ear.words.indexOf('lost'), ear.words.length - 1);
    },
  );

  on('what is written reaches the server whole and in order; before the welcome and after the end, nothing does', async (bench, watch) => {
    const { link, ear } = watch(openLink(bench));
    link.write([message('too early')]);
    const visit = await bench.visit();
    link.write([message('too early')]);
    visit.welcome();
    await ear.hears('welcomed');
    link.write([message({ text: 'ärger 漢字 😀' }), { kind: 'request', type: 'ask', payload: 'null', timeoutMs: 1_000 }]);
    link.write([message('x'.repeat(LONG))]);
    await visit.hears(3);
    link.close();
    link.write([message('too late')]);
    await visit.left();
    deepStrictEqual(
      visit.heard.map((item) => ('payload' in item ? item.payload : item)),
      [{ text: 'ärger 漢字 😀' }, null, 'x'.repeat(LONG)],
    );
  });

  on('after its own close it tells nothing more, whatever the server says', async (bench, watch) => {
    const opened = await openWelcomed(bench);
    const { link, ear, visit, asked } = opened;
    watch(opened);
    visit.send([message('under way')]);
    link.close();
    const told = [...ear.told];
    strictEqual(asked[0]?.aborted, true);
    visit.send([message('late')]);
    visit.bye(denial);
    await visit.left();
    await wholeSession(bench);
    deepStrictEqual(ear.told, told);
  });

  on('closed before the verdict it tells nothing, and the server learns of it', async (bench, watch) => {
    const { link, ear } = watch(openLink(bench));
    const visit = await bench.visit();
    await ear.hears('opened');
    link.close();
    visit.welcome([message('late')]);
    await visit.left();
    await wholeSession(bench);
    deepStrictEqual(ear.words, ['opened']);
  });

  on('it never throws, in whatever state it is asked', async (bench, watch) => {
    const all = ({ link }: Opened): void =>
      doesNotThrow(() => {
        link.write([message('any')]);
        link.probe();
        link.close();
        link.close(true);
        link.probe();
        link.write([message('any')]);
      });
    for (const through of [bench.transport, bench.refused, bench.silent]) all(watch(openLink(bench, { through })));
    const opened = watch(openLink(bench));
    await Promise.all([bench.visit(), opened.ear.hears('opened')]);
    all(opened);
    all(await openWelcomed(bench));
    const lost = watch(openLink(bench, { through: bench.refused }));
    await lost.ear.failure();
    all(lost);
  });

  on('two links of one transport are kept apart', async (bench) => {
    const one = await openWelcomed(bench);
    const two = await openWelcomed(bench);
    one.link.write([message('one')]);
    two.link.write([message('two')]);
    await Promise.all([one.visit.hears(1), two.visit.hears(1)]);
    one.visit.cut();
    await one.ear.failure();
    two.visit.send([message('still here')]);
    await two.ear.hears('received');
    deepStrictEqual(two.ear.words, ['opened', 'welcomed', 'received']);
    strictEqual(two.visit.heard.length, 1);
    two.link.close();
  });

  transportFeatures(on, without);
};
