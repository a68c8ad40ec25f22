import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { settingsOf } from '../../../src/server/options.js';
import { Shared } from '../../../src/server/shared.js';
import { turnEndOf } from '../../../src/stream/turn-end.js';

const shared = suite('what sessions share');

const window = { messages: 16, size: 10_000 };
const make = (): Shared => new Shared(settingsOf({}), virtualHost({ seed: 1 }).clock, turnEndOf({ endTurn: () => undefined }));

shared('is one object for all that agreed on the same', () => {
  const all = make();
  const terms = all.terms({ window, features: [] });
  assert.is(all.terms({ window: { ...window }, features: ['resume'] }), terms);
  assert.equal([terms.limits.peerWindow, terms.takesVolatile], [window, false]);
  assert.is(all.features({ features: ['resume', 'unheard'], keptMs: 1 }), all.features({ features: ['resume'], keptMs: 1 }));
});

shared('is another where they agreed on something else', () => {
  const all = make();
  const terms = all.terms({ window, features: [] });
  const more = all.terms({ window: { ...window, size: 20_000 }, features: [] });
  assert.is(more.limits.peerWindow.size, 20_000);
  const takesVolatile = all.terms({ window, features: ['volatile'] });
  assert.equal([terms.takesVolatile, takesVolatile.takesVolatile], [false, true]);
  assert.equal(all.features({ features: ['resume'], keptMs: 0 }), []);
  assert.equal(all.features({ features: ['signIn', 'resume'], keptMs: 1 }).length, 2);
});

shared('is kept for so many windows and no more: others are right as well', () => {
  const all = make();
  const of = (size: number) => all.terms({ window: { messages: 16, size }, features: [] });
  const first = of(1);
  for (let size = 2; size <= 100; size += 1) assert.is(of(size).limits.peerWindow.size, size);
  assert.is(of(1), first);
  assert.is.not(of(100), of(100));
});

shared.run();
