/** How many sessions are admitted in a second, and when the others are to come again. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AdmissionRate,
  beginStart,
  initialRate,
  startDecided,
  turnAway,
  welcomeOne,
} from '../../../machines/connection/admission-rate.js';

const rates = suite('the admission limit');

/** One that has welcomed this many at each of these times. */
const welcomedAt = (perSecond: number, ...times: readonly number[]): AdmissionRate =>
  times.reduce((rate, now) => {
    const [next, busy] = welcomeOne(rate, now);
    assert.is(busy, null, `there is room at ${now}`);
    return next;
  }, initialRate(perSecond));

rates('lets as many in as it says, and the next one a second after the first of them', () => {
  const full = welcomedAt(2, 100, 300);
  assert.is(welcomeOne(full, 1_099)[1]?.code, 'ServerBusyError');
  assert.is(welcomeOne(full, 1_100)[1], null);
});

rates('says when there is room, and gives each one who comes too early a later turn', () => {
  let rate = welcomedAt(2, 100, 300);
  const turns = [400, 400, 450].map((now) => {
    const [next, busy] = welcomeOne(rate, now);
    rate = next;
    return now + (busy?.retryAfterMs ?? 0);
  });
  assert.equal(turns, [1_100, 1_650, 2_200]);
});

rates('forgets turns whose time is over', () => {
  const [rate] = welcomeOne(welcomedAt(1, 0), 10);
  const [, busy] = turnAway(rate, 60_000);
  assert.is(busy.retryAfterMs, 1_000);
});

rates('names no time past half a minute: from there on all are spread', () => {
  let rate = welcomedAt(1, 0);
  for (let turn = 0; turn < 100; turn += 1) [rate] = turnAway(rate, 0);
  const [same, busy] = turnAway(rate, 0);
  assert.equal([busy.retryAfterMs, busy.spreadMs], [30_000, 30_000]);
  assert.is(same, rate);
});

rates('names half a minute itself, and gives the next one a later turn', () => {
  let rate = welcomedAt(1, 0);
  for (let turn = 0; turn < 27; turn += 1) [rate] = turnAway(rate, 0);
  const [next, busy] = turnAway(rate, 700);
  assert.equal([busy.retryAfterMs, busy.spreadMs], [30_000, undefined]);
  assert.is.not(next, rate);
});

rates('counts starts that are being decided, and no longer once they are', () => {
  let [rate] = beginStart(initialRate(2), 0);
  [rate] = beginStart(rate, 0);
  const [, busy] = beginStart(rate, 10);
  assert.is(busy?.retryAfterMs, 1_000);
  assert.is(welcomeOne(rate, 10)[1], null, 'a resume does not wait for those who may never be admitted');
  assert.is(beginStart(startDecided(rate), 10)[1], null);
  const [one] = welcomeOne(rate, 0);
  assert.is(beginStart(one, 10)[1]?.retryAfterMs, 1_000, 'when the verdicts come nobody knows');
});

rates('is never passed in any second, however they come', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 }), (perSecond, gaps) => {
      let rate = initialRate(perSecond);
      let now = 0;
      const welcomed: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const [next, busy] = welcomeOne(rate, now);
        rate = next;
        if (busy === null) welcomed.push(now);
        else assert.ok(welcomed.filter((at) => at > now - 1_000).length === perSecond, 'nobody is turned away while there is room');
      }
      for (const from of welcomed) assert.ok(welcomed.filter((at) => at >= from && at < from + 1_000).length <= perSecond);
    }),
  );
});

rates.run();
