import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { lateCredential, message, type Opened, openLink, openWelcomed, startOpening, type TransportBench } from './transport-bench.js';

/** What not every wire can say. */
export type Feature = 'resume' | 'goodbye' | 'liveness';

/** Takes a test; `watch` has the secrets searched in all that a link tells. */
export type On = (title: string, run: (bench: TransportBench, watch: (opened: Opened) => Opened) => Promise<void>) => void;

/** A wait that is long for one machine and short for a person, in milliseconds. */
export const SHORT_MS = 50;

/** The part of the transport contract that a wire without these features can not meet. */
export const transportFeatures = (on: On, without: readonly Feature[]): void => {
  if (!without.includes('goodbye'))
    on('the server can tell a goodbye from a connection that merely ends', async (bench) => {
      const one = await openWelcomed(bench);
      one.link.close(true);
      strictEqual(await one.visit.left(), 'goodbye');
      const two = await openWelcomed(bench);
      two.link.close();
      strictEqual(await two.visit.left(), 'closed');
    });

  if (!without.includes('resume')) {
    on('a resume asks for no credential, and brings the positions of the server', async (bench, watch) => {
      const { ear, asked } = watch(openLink(bench, { resume: true }));
      const visit = await bench.visit();
      strictEqual(visit.asks, 'resume');
      visit.welcome();
      await ear.hears('welcomed');
      const word = ear.told.find((told) => typeof told === 'object' && 'welcomed' in told);
      ok(typeof word === 'object' && 'welcomed' in word && word.positions !== null);
      strictEqual(word.welcomed.outcome, 'resumed');
      strictEqual(asked.length, 0);
    });

    on('where the session is gone, the credential is asked for then, and the start goes over the same connection', async (bench, watch) => {
      const { ear, asked } = watch(openLink(bench, { resume: true }));
      const start = await (await bench.visit()).gone();
      strictEqual(asked.length, 1);
      deepStrictEqual(start.credential, { ...startOpening });
      start.welcome();
      await ear.hears('welcomed');
      deepStrictEqual(ear.words, ['opened', 'welcomed']);
      strictEqual(bench.visits, 1);
    });

    on('closed while it waits for the credential of a start instead, it tells nothing and leaves nothing running', async (bench, watch) => {
      const { start, give } = lateCredential();
      const { link, ear, asked, whenAsked } = watch(openLink(bench, { resume: true, start, options: { helloTimeoutMs: SHORT_MS } }));
      const visit = await bench.visit();
      void visit.gone();
      await whenAsked;
      link.close();
      strictEqual(asked[0]?.aborted, true);
      give();
      await visit.left();
      await bench.advance(2 * SHORT_MS);
      deepStrictEqual(ear.words, ['opened']);
    });

    on('a credential that never comes does not hold the link open for ever', async (bench, watch) => {
      const { ear, asked, whenAsked } = watch(
        openLink(bench, { resume: true, options: { helloTimeoutMs: SHORT_MS }, start: () => new Promise(() => undefined) }),
      );
      void (await bench.visit()).gone();
      await whenAsked;
      await bench.advance(SHORT_MS);
      strictEqual((await ear.failure()).code, 'AuthParamsUnavailableError');
      strictEqual(asked[0]?.aborted, true);
    });
  }

  if (!without.includes('liveness')) {
    on('a probe that is answered leaves the link as it was', async (bench, watch) => {
      const opened = await openWelcomed(bench);
      const { link, ear, visit } = opened;
      watch(opened);
      link.probe();
      visit.send([message('alive')]);
      await ear.hears('received');
      ok(ear.told.lastIndexOf('heard') >= ear.told.lastIndexOf('suspected'));
      deepStrictEqual(ear.words, ['opened', 'welcomed', 'received']);
    });

    on('a peer that answers nothing any more is lost where it is asked', async (bench, watch) => {
      const opened = await openWelcomed(bench);
      const { link, ear, visit } = opened;
      watch(opened);
      visit.mute();
      link.probe();
      while (!ear.words.includes('lost')) await bench.advance(SHORT_MS);
      strictEqual((await ear.failure()).code, 'ConnectionSilentError');
    });

    on(
      'a peer that answers nothing any more is suspected, then lost, where something waits for its acknowledgement',
      async (bench, watch) => {
        const opened = await openWelcomed(bench);
        const { link, ear, visit } = opened;
        watch(opened);
        visit.mute();
        ear.progress.shipped = 1;
        link.write([message('into the void')]);
        while (!ear.words.includes('lost')) await bench.advance(SHORT_MS);
        strictEqual((await ear.failure()).code, 'ConnectionSilentError');
        deepStrictEqual(
          ear.told.filter((word) => word === 'suspected' || word === 'heard'),
          ['suspected'],
        );
      },
    );
  }
};
