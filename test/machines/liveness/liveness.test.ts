import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  initialLiveness,
  type LivenessEffect,
  type LivenessInput,
  type LivenessState,
  lateMs,
  probeMs,
  probeMsMax,
  probeMsMin,
  reduceLiveness,
} from '../../../machines/liveness/liveness.js';

const pingEveryMs = 5_000;
/** Before anything was measured a probe is given twice its least time. */
const unmeasuredMs = probeMsMin * 2;

/** A link that is driven by hand: its inputs by method, its effects as words. */
const linkAt = (now: number) => {
  let [state, effects] = initialLiveness(pingEveryMs, now);
  const give = (input: LivenessInput): string => {
    [state, effects] = reduceLiveness(state, input);
    return written(effects);
  };
  return {
    get state(): LivenessState {
      return state;
    },
    first: written(effects),
    heard: (at: number) => give({ type: 'heard', now: at }),
    pong: (id: number, at: number) => give({ type: 'pong', id, now: at }),
    timer: (at: number) => give({ type: 'timer', now: at }),
    probe: (at: number) => give({ type: 'probe', now: at }),
  };
};

const argumentOf = (effect: LivenessEffect): number | null => {
  switch (effect.type) {
    case 'ping':
      return effect.id;
    case 'awaitTimer':
      return effect.inMs;
    case 'measured':
      return effect.roundTripMs;
    default:
      return null;
  }
};
const written = (effects: readonly LivenessEffect[]): string =>
  effects.map((effect) => (argumentOf(effect) === null ? effect.type : `${effect.type}(${argumentOf(effect)})`)).join(' ');

/** Links in each of the situations there are, as they are at 10,000. */
const situations = {
  /** The first ping is out, and decides nothing. */
  asked: () => linkAt(10_000),
  /** Nothing is out. */
  calm: () => {
    const link = linkAt(9_000);
    link.heard(9_100);
    link.pong(1, 9_100);
    return link;
  },
  /** Silence, and a probe is out since 10,000. */
  suspect: () => {
    const link = linkAt(4_000);
    link.timer(10_000);
    return link;
  },
};

const test = suite('what a link makes of silence');

test('a link that was just welcomed asks once, to be measured, and waits for the rhythm and an answer', () => {
  assert.is(linkAt(10_000).first, `ping(1) awaitTimer(${pingEveryMs + unmeasuredMs})`);
});

test('anything that is heard moves the time on without touching the timer', () => {
  for (const situation of [situations.asked, situations.calm]) {
    const link = situation();
    assert.is(link.heard(12_000), '');
    assert.is(link.state.heardAt, 12_000);
  }
});

test('a timer that is due while something was heard since waits for the rest', () => {
  const link = situations.asked();
  link.heard(12_000);
  assert.is(link.timer(16_000), `awaitTimer(${12_000 + pingEveryMs + unmeasuredMs - 16_000})`);
});

test('a timer that is due in silence suspects the link and asks', () => {
  const asked = situations.asked();
  assert.is(asked.timer(16_000), `ping(2) suspected awaitTimer(${unmeasuredMs})`);
  const calm = situations.calm();
  // Measured as 100 ms, whose four variations are within the least time.
  assert.is(calm.timer(14_700), `ping(2) suspected awaitTimer(${probeMsMin})`);
});

test('a suspect link that is heard is suspect no more, and waits for the rhythm again', () => {
  const link = situations.suspect();
  assert.is(link.heard(10_200), `heard awaitTimer(${pingEveryMs + unmeasuredMs})`);
  assert.is(link.state.probe?.suspects, false);
  assert.is(link.heard(10_300), '', 'told once');
});

test('the ping of a suspicion that is over is still measured', () => {
  const link = situations.suspect();
  link.heard(10_200);
  assert.is(link.pong(2, 10_250), 'measured(250)');
  assert.is(link.state.probe, null);
});

test('a suspect link whose probe is not answered in time is silent', () => {
  const link = situations.suspect();
  assert.is(link.timer(10_000 + unmeasuredMs), 'silent');
});

test('a probe timer that is late by as much as timers are is in time', () => {
  const link = situations.suspect();
  assert.is(link.timer(10_000 + unmeasuredMs + lateMs), 'silent');
});

test('a probe timer that is later says that the host slept: it asks again instead of concluding anything', () => {
  const link = situations.suspect();
  const late = 10_000 + unmeasuredMs + lateMs + 1;
  assert.is(link.timer(late), `ping(3) awaitTimer(${unmeasuredMs})`, 'asked anew, and not suspected a second time');
  assert.is(link.timer(late + unmeasuredMs), 'silent', 'then it is silence');
});

test('a silence timer that is hours late asks too, and is answered in the time of the link', () => {
  const link = situations.calm();
  assert.is(link.timer(10_000_000), `ping(2) suspected awaitTimer(${probeMsMin})`);
});

test('a hint asks at once where nothing is asked that decides', () => {
  assert.is(situations.asked().probe(10_100), `ping(2) suspected awaitTimer(${unmeasuredMs})`);
  assert.is(situations.calm().probe(10_100), `ping(2) suspected awaitTimer(${probeMsMin})`);
});

test('further hints while a probe is out give it no more time', () => {
  const link = situations.suspect();
  assert.is(link.probe(10_400), '');
  assert.is(link.timer(10_000 + unmeasuredMs), 'silent');
});

test('a pong that nobody waits for is ignored: of another ping, of none, or again', () => {
  const link = situations.asked();
  assert.is(link.pong(7, 10_050), '');
  assert.is(link.pong(1, 10_100), 'measured(100)');
  assert.is(link.pong(1, 10_200), '');
});

test('a pong is something that is heard, of whatever ping it is', () => {
  assert.is(situations.suspect().pong(2, 10_300), `heard awaitTimer(${pingEveryMs + unmeasuredMs}) measured(300)`);
  assert.is(situations.suspect().pong(1, 10_300), `heard awaitTimer(${pingEveryMs + unmeasuredMs})`);
});

test('the pong of a ping that another one replaced measures nothing', () => {
  const link = situations.asked();
  link.probe(10_100);
  link.heard(10_150);
  assert.is(link.pong(1, 10_150), '');
  assert.is(link.pong(2, 10_150), 'measured(50)');
});

const smoothing = suite('the round-trip time of a link');

const measured = (...samples: readonly number[]): LivenessState => {
  const link = linkAt(0);
  let now = 0;
  for (const [index, sample] of samples.entries()) {
    if (index > 0) link.probe(now);
    now += sample;
    link.heard(now);
    link.pong(index + 1, now);
  }
  return link.state;
};

smoothing('the first sample is taken as it is, with half of it as variation (RFC 6298 §2.2)', () => {
  const { smoothedMs, variationMs } = measured(80);
  assert.equal({ smoothedMs, variationMs }, { smoothedMs: 80, variationMs: 40 });
});

smoothing('each further one moves it by an eighth, and the variation by a quarter (RFC 6298 §2.3)', () => {
  const { smoothedMs, variationMs } = measured(80, 160);
  assert.equal({ smoothedMs, variationMs }, { smoothedMs: 90, variationMs: 50 });
});

smoothing('a steady link comes to its own time, and its variation to nothing', () => {
  const { smoothedMs, variationMs } = measured(...Array.from({ length: 60 }, () => 30));
  assert.ok(Math.abs((smoothedMs ?? 0) - 30) < 0.01);
  assert.ok(variationMs < 0.01);
});

smoothing('a probe is given the smoothed time and four variations, within its bounds', () => {
  assert.is(probeMs({ smoothedMs: null, variationMs: 0 }), unmeasuredMs);
  assert.is(probeMs({ smoothedMs: 600, variationMs: 100 }), 1_000);
  assert.is(probeMs({ smoothedMs: 1, variationMs: 0 }), probeMsMin);
  assert.is(probeMs({ smoothedMs: 9_000, variationMs: 9_000 }), probeMsMax);
});

test.run();
smoothing.run();
