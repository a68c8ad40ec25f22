/** The losses that sessions of others do not survive, each by its name, over real sockets and with each store. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { onStage, type Stage, stores } from './stage.js';

const losses = suite('a session whose link is lost');

/** Some before the fault, some while nobody has noticed it, and some after it. */
const around = async ({ say, broken }: Stage, act: () => unknown): Promise<void> => {
  say(20);
  await broken(async () => {
    say(20);
    await act();
    say(20);
  });
  say(20);
};

for (const store of stores) {
  losses(
    `goes on where only the client saw the loss (${store})`,
    onStage(store, {}, async (stage) => {
      await around(stage, () => stage.proxy.cut('client'));
      await stage.isWhole();
    }),
  );

  losses(
    `goes on where only the server saw the loss (${store})`,
    onStage(store, {}, async (stage) => {
      await around(stage, () => stage.proxy.cut('server'));
      await stage.isWhole();
    }),
  );

  losses(
    `goes on where the client never received anything yet (${store})`,
    onStage(store, {}, async (stage) => {
      const { proxy, down, broken, say, isWhole } = stage;
      let before = -1;
      await broken(() => {
        proxy.after('down', 1, 'frames', () => {
          before = down.handled.length;
          proxy.cut('both');
        });
        say(20);
      });
      assert.is(before, 0);
      say(20);
      await isWhole();
    }),
  );

  losses(
    `goes on after two losses within one resume: the hello, then the answer (${store})`,
    onStage(store, {}, async (stage) => {
      const { proxy } = stage;
      const met: string[] = [];
      await around(stage, () => {
        proxy.after('up', 100, 'bytes', () => {
          met.push('hello');
          proxy.cut('both');
          proxy.after('down', 1, 'frames', () => {
            met.push('answer');
            proxy.cut('both');
          });
        });
        proxy.cut('both');
      });
      assert.equal(met, ['hello', 'answer']);
      await stage.isWhole();
    }),
  );

  losses(
    `goes on where the resume's own answer is lost, and both see it (${store})`,
    onStage(store, {}, async (stage) => {
      const { proxy } = stage;
      let met = 0;
      await around(stage, () => {
        proxy.after('down', 1, 'frames', () => {
          met += 1;
          proxy.cut('both');
        });
        proxy.cut('both');
      });
      assert.is(met, 1);
      await stage.isWhole();
    }),
  );

  losses(
    `goes on after a lost rotation: the server has the new token in use, and the client was never told (${store})`,
    onStage(store, {}, async (stage) => {
      const { proxy, log } = stage;
      let left = 3;
      const lose = (): void =>
        void proxy.after('down', 1, 'frames', () => {
          left -= 1;
          if (left > 0) lose();
          proxy.cut('client');
        });
      await around(stage, () => {
        lose();
        proxy.cut('client');
      });
      assert.is(left, 0, 'three answers in a row');
      await stage.isWhole();
      assert.equal(log.with('security'), []);
    }),
  );
}

losses.run();
