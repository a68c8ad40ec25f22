/** Whatever a link hears and whenever its timer comes: promises about any sequence, each with a clock that only moves on. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  initialLiveness,
  type LivenessState,
  lateMs,
  probeMs,
  probeMsMax,
  probeMsMin,
  reduceLiveness,
} from '../../../machines/liveness/liveness.js';

type Happening =
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'heard' | 'probe' }
  /** A pong with the id of the ping before the last one, the last one, or one that was never sent. */
  | { readonly type: 'pong'; readonly of: -1 | 0 | 1 };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.oneof(fc.nat(900), fc.nat(20_000)) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('heard' as const, 'probe' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pong' as const), of: fc.constantFrom(-1 as const, 0 as const, 1 as const) }) },
);

interface Run {
  /** Each step: the state before, when, and what came of it. */
  readonly steps: readonly {
    readonly before: LivenessState;
    readonly after: LivenessState;
    readonly now: number;
    readonly by: string;
    readonly words: readonly string[];
  }[];
  readonly silentAt: number | null;
}

/** Runs it as a link does: one timer at a time, fired when it is due or `lag` later, until the link is silent. */
const run = (pingEveryMs: number, happenings: readonly Happening[], lag: number): Run => {
  let now = 1_000;
  let [state, effects] = initialLiveness(pingEveryMs, now);
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
    steps.push({ before, after: state, now, by: input.type, words: effects.map(({ type }) => type) });
    take();
  };
  take();
  for (const what of happenings) {
    if (what.type === 'wait') {
      const until = now + what.ms;
      while (silentAt === null && timerAt !== null && timerAt + lag <= until) {
        now = timerAt + lag;
        timerAt = null;
        give({ type: 'timer', now });
      }
      now = Math.max(now, until);
    } else if (what.type === 'pong') give({ type: 'pong', id: state.lastId + what.of, now });
    else give({ type: what.type, now });
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

test('it is silent only when a probe was out for its whole time and nothing was heard since', () =>
  runs(({ steps, silentAt }) => {
    if (silentAt === null) return;
    const last = steps.at(-1);
    assert.is(last?.by, 'timer');
    const { before } = last as Run['steps'][number];
    assert.is(before.probe?.suspects, true);
    assert.ok(silentAt - (before.probe?.sentAt ?? 0) >= probeMs(before), 'the probe had its time');
    assert.ok(before.heardAt <= (before.probe?.sentAt ?? 0), 'nothing was heard behind the probe');
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
    const { before } = steps.at(-1) as Run['steps'][number];
    assert.ok(silentAt - before.heardAt <= pingEveryMs + 2 * probeMsMax + 2 * lag);
  }));

test('the time that a probe is given stays within its bounds', () =>
  runs(({ steps }) => {
    for (const { after } of steps) assert.ok(probeMs(after) >= probeMsMin && probeMs(after) <= probeMsMax);
  }));

test.run();
