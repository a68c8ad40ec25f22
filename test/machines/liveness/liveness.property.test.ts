/** Whatever a link hears and whenever its timer comes: promises about any sequence, each with a clock that only moves on. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  idleProbeMsMin,
  initialLiveness,
  type LivenessState,
  lateMs,
  oneWayMs,
  probeMs,
  probeMsMax,
  probeMsMin,
  reduceLiveness,
  silenceMsDefault,
} from '../../../machines/liveness/liveness.js';
import { noSigns, noteHeard, notePassed, noteSaid } from '../../../machines/liveness/signs.js';

type Happening =
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'heard' | 'hint' }
  /** Something is shipped; what is shipped is acknowledged. */
  | { readonly type: 'ship' | 'acknowledge' }
  /** A pong with the id of the ping before the last one, the last one, or one that was never sent. */
  | { readonly type: 'pong'; readonly of: -1 | 0 | 1 };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.oneof(fc.nat(900), fc.nat(20_000)) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('heard' as const, 'hint' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('ship' as const, 'acknowledge' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pong' as const), of: fc.constantFrom(-1 as const, 0 as const, 1 as const) }) },
);

interface Run {
  /** Each step: the state before, when, and what came of it. */
  readonly steps: readonly {
    readonly before: LivenessState;
    readonly after: LivenessState;
    readonly now: number;
    readonly heardAt: number;
    readonly by: string;
    readonly words: readonly string[];
  }[];
  readonly silentAt: number | null;
}

/** Runs it as a link does: one timer at a time, fired when it is due or `lag` later, until the link is silent. */
const run = (pingEveryMs: number, happenings: readonly Happening[], lag: number): Run => {
  let now = 1_000;
  const signs = noSigns(now);
  const progress = { shipped: 0, peerReceived: 0 };
  let [state, effects] = initialLiveness({ pingEveryMs, setsRhythm: false, silenceMs: silenceMsDefault }, now, signs);
  let timerAt: number | null = null;
  let silentAt: number | null = null;
  const steps: Run['steps'][number][] = [];
  const take = (): void => {
    for (const effect of effects) {
      if (effect.type === 'awaitTimer') timerAt = now + effect.inMs;
      if (effect.type === 'silent') silentAt = now;
    }
  };
  const give = (input: Parameters<typeof reduceLiveness>[1]): void => {
    const before = state;
    [state, effects] = reduceLiveness(state, input);
    steps.push({ before, after: state, now, heardAt: signs.heardAt, by: input.type, words: effects.map(({ type }) => type) });
    take();
  };
  take();
  for (const what of happenings) {
    if (what.type === 'wait') {
      const until = now + what.ms;
      while (silentAt === null && timerAt !== null && timerAt + lag <= until) {
        now = timerAt + lag;
        timerAt = null;
        give({ type: 'look', now, signs, lostMs: lag, nextAt: now });
      }
      now = Math.max(now, until);
    } else if (what.type === 'hint') give({ type: 'hint', now, signs });
    else if (what.type === 'ship') {
      progress.shipped += 1;
      if (noteSaid(signs, progress, 100, now)) give({ type: 'awaiting', now, signs });
    } else {
      const id = what.type === 'pong' ? state.lastId + what.of : 0;
      if (what.type === 'acknowledge') progress.peerReceived = progress.shipped;
      const roundTripMs = noteHeard(signs, progress, now);
      if (id > 0 && id === state.probe?.id) notePassed(signs, now);
      if (id > 0) give({ type: 'pong', id, now, signs });
      if (roundTripMs !== null) give({ type: 'timed', roundTripMs, now, signs });
      give({ type: 'heard', now, signs });
    }
    if (silentAt !== null) break;
    assert.is.not(timerAt, null, 'a link that is not silent has a timer');
  }
  return { steps, silentAt };
};

const runs = (check: (run: Run, pingEveryMs: number, lag: number) => void): void =>
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 60_000 }),
      fc.array(happening, { maxLength: 40 }),
      fc.constantFrom(0, 3, lateMs, lateMs + 1, 60_000),
      (pingEveryMs, happenings, lag) => check(run(pingEveryMs, happenings, lag), pingEveryMs, lag),
    ),
    { numRuns: 500 },
  );

const test = suite('any link, whatever it hears');

test('it is silent only when a probe was out for its whole time and what it needed did not come', () =>
  runs(({ steps, silentAt }) => {
    if (silentAt === null) return;
    const { before, by, heardAt } = steps.at(-1) as Run['steps'][number];
    assert.is(by, 'look');
    const { probe } = before;
    assert.ok(probe !== null && probe.needs !== 'nothing');
    assert.ok(silentAt - probe.sentAt >= probeMsMin && silentAt >= probe.untilAt, 'the probe had its time');
    assert.ok(probe.needs === 'answer' || heardAt <= probe.sentAt, 'nothing was heard behind the probe');
  }));

test('a host whose timers are late beyond all measure never concludes anything', () =>
  runs(({ silentAt }, _, lag) => {
    if (lag > lateMs) assert.is(silentAt, null);
  }));

test('suspicion and its end alternate, beginning with suspicion', () =>
  runs(({ steps }) => {
    const told = steps.flatMap(({ words }) => words.filter((word) => word === 'suspected' || word === 'heard'));
    for (const [index, word] of told.entries()) assert.is(word, index % 2 === 0 ? 'suspected' : 'heard');
  }));

test('each step leaves at most one timer asked for and one ping said, with ids that ascend', () =>
  runs(({ steps }) => {
    let lastId = 1;
    for (const { after, words } of steps) {
      assert.ok(words.filter((word) => word === 'awaitTimer').length <= 1);
      const pings = words.filter((word) => word === 'ping').length;
      assert.is(after.lastId, lastId + pings);
      lastId = after.lastId;
    }
  }));

test('a link that hears nothing is found silent within its rhythm, an answer and a probe, however it was measured', () =>
  runs(({ steps, silentAt }, pingEveryMs, lag) => {
    if (silentAt === null || lag > lateMs) return;
    const { before, heardAt } = steps.at(-1) as Run['steps'][number];
    if (before.probe?.needs === 'word') assert.ok(silentAt - heardAt <= pingEveryMs + 2 * probeMsMax + 2 * lag);
  }));

test('a link that is not acknowledged is found silent, whatever else is heard', () =>
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 60_000 }), fc.integer({ min: 50, max: 2_000 }), (pingEveryMs, heardEveryMs) => {
      const heard = Array.from({ length: 500 }, () => [{ type: 'wait' as const, ms: heardEveryMs }, { type: 'heard' as const }]).flat();
      const { silentAt } = run(pingEveryMs, [{ type: 'ship' }, ...heard], 0);
      assert.ok(silentAt !== null && silentAt - 1_000 <= oneWayMs + idleProbeMsMin + heardEveryMs);
    }),
    { numRuns: 50 },
  ));

test('the time that a probe is given stays within its bounds', () =>
  runs(({ steps }) => {
    for (const { after } of steps) assert.ok(probeMs(after) >= probeMsMin && probeMs(after) <= probeMsMax);
  }));

test.run();
