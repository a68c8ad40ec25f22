import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  answerMs,
  idleProbeMsMin,
  initialLiveness,
  isAsking,
  type LivenessEffect,
  type LivenessInput,
  type LivenessState,
  lateMs,
  oneWayMs,
  probeMs,
  probeMsMax,
  probeMsMin,
  reduceLiveness,
  rhythmOf,
  silenceMsDefault,
  unitsPerMs,
  variationMsFirst,
} from '../../../machines/liveness/liveness.js';
import { noSigns, notePassed, noteSaid } from '../../../machines/liveness/signs.js';

const pingEveryMs = 5_000;
/** Before anything was measured a probe is given twice its least time. */
const unmeasuredMs = probeMsMin * 2;

/** A link that is driven by hand: its inputs by method, its effects as words. */
const linkAt = (now: number, setsRhythm = false) => {
  const signs = noSigns(now);
  let [state, effects] = initialLiveness({ pingEveryMs, setsRhythm, silenceMs: silenceMsDefault }, now, signs);
  const give = (input: LivenessInput): string => {
    [state, effects] = reduceLiveness(state, input);
    return written(effects);
  };
  let shipped = 0;
  return {
    get state(): LivenessState {
      return state;
    },
    signs,
    first: written(effects),
    heard: (at: number) => {
      signs.heardAt = at;
      return give({ type: 'heard', now: at, signs });
    },
    pong: (id: number, at: number) => {
      signs.heardAt = at;
      if (id === state.probe?.id) notePassed(signs, at);
      return give({ type: 'pong', id, now: at, signs });
    },
    look: (at: number, { lostMs = 0, nextAt = at } = {}) => give({ type: 'look', now: at, signs, lostMs, nextAt }),
    hint: (at: number) => give({ type: 'hint', now: at, signs }),
    /** Something was shipped that waits for its acknowledgement. */
    ship: (at: number, length = 0) => {
      shipped += 1;
      noteSaid(signs, { shipped, peerReceived: shipped - 1 }, length, at);
      return give({ type: 'awaiting', now: at, signs });
    },
    timed: (roundTripMs: number, at: number) => give({ type: 'timed', roundTripMs, now: at, signs }),
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
  /** Nothing is out, and the link is known to be quick and steady. */
  calm: () => {
    const link = linkAt(9_000);
    link.pong(1, 9_100);
    for (let n = 0; n < 100; n += 1) link.timed(100, 9_100);
    return link;
  },
  /** Silence, and a probe is out since 10,000. */
  suspect: () => {
    const link = linkAt(4_000);
    link.look(10_000);
    return link;
  },
};

const test = suite('what a link makes of silence');

test('a link that was just welcomed asks once, to be measured, and waits for the rhythm and an answer', () => {
  assert.is(linkAt(10_000).first, `ping(1) awaitTimer(${pingEveryMs + unmeasuredMs})`);
});

test('what is heard while nothing is asked that decides moves the time on without touching the timer', () => {
  for (const situation of [situations.asked, situations.calm]) assert.is(situation().heard(12_000), '');
  const link = situations.asked();
  link.heard(12_000);
  assert.is(link.look(16_000), `awaitTimer(${12_000 + pingEveryMs + unmeasuredMs - 16_000})`);
});

test('a timer that is due in silence suspects the link and asks', () => {
  assert.is(situations.asked().look(16_000), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
  assert.is(situations.calm().look(14_600), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
});

test('where the rhythm is quicker than that, an idle link is given no more than it', () => {
  const signs = noSigns(0);
  const [state] = initialLiveness({ pingEveryMs: 1_500, setsRhythm: false, silenceMs: silenceMsDefault }, 0, signs);
  const [, effects] = reduceLiveness(state, { type: 'look', now: 2_500, signs, lostMs: 0, nextAt: 2_500 });
  assert.is(written(effects), 'ping(2) suspected awaitTimer(1500)');
});

test('a suspect link that is heard is suspect no more, and waits for the rhythm again', () => {
  const link = situations.suspect();
  assert.is(link.heard(10_200), `heard awaitTimer(${pingEveryMs + unmeasuredMs})`);
  assert.not.ok(isAsking(link.state));
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
  assert.is(link.look(10_000 + idleProbeMsMin - 1), 'awaitTimer(1)');
  assert.is(link.look(10_000 + idleProbeMsMin), 'silent');
});

test('a timer that is late by as much as timers are is in time', () => {
  assert.is(situations.suspect().look(10_000 + idleProbeMsMin + lateMs, { lostMs: lateMs }), 'silent');
});

test('one that is later says that the host slept: it asks again instead of concluding anything', () => {
  const link = situations.suspect();
  const late = 10_000 + idleProbeMsMin + lateMs + 1;
  assert.is(
    link.look(late, { lostMs: lateMs + 1 }),
    `ping(3) awaitTimer(${idleProbeMsMin})`,
    'asked anew, and not suspected a second time',
  );
  assert.is(link.look(late + idleProbeMsMin), 'silent', 'then it is silence');
});

test('a suspicion that a sleep fell into is still one: its end is told', () => {
  const link = situations.suspect();
  const late = 10_000 + idleProbeMsMin + lateMs + 1;
  link.look(late, { lostMs: lateMs + 1 });
  assert.is(link.heard(late + 50), `heard awaitTimer(${pingEveryMs + unmeasuredMs})`);
});

test('one that is hours late asks too, which is no suspicion, and is answered in the time of the link', () => {
  const link = situations.calm();
  assert.is(link.look(10_000_000, { lostMs: 9_000_000 }), `ping(2) awaitTimer(${probeMsMin})`);
  assert.is(link.look(10_000_000 + probeMsMin), 'silent');
});

test('a hint asks at once where nothing is asked that decides, and suspects nothing', () => {
  assert.is(situations.asked().hint(10_100), `ping(2) awaitTimer(${unmeasuredMs})`);
  assert.is(situations.calm().hint(10_100), `ping(2) awaitTimer(${probeMsMin})`);
});

test('a hint in a silence past the rhythm is a suspicion as well', () => {
  assert.is(situations.calm().hint(14_600), `ping(2) suspected awaitTimer(${probeMsMin})`);
});

test('what was asked for a hint is answered by anything, and nobody needs to be told', () => {
  const link = situations.calm();
  link.hint(10_100);
  assert.is(link.heard(10_200), `awaitTimer(${pingEveryMs + probeMsMin})`);
});

test('further hints while a probe is out give it no more time', () => {
  const link = situations.suspect();
  assert.is(link.hint(10_400), '');
  assert.is(link.look(10_000 + idleProbeMsMin), 'silent');
});

test('a pong that nobody waits for is ignored: of another ping, of none, or again', () => {
  const link = situations.asked();
  assert.is(link.pong(7, 10_050), '');
  assert.is(link.pong(1, 10_100), 'measured(100)');
  assert.is(link.pong(1, 10_200), '');
});

test('the pong of a probe ends the suspicion and measures', () => {
  const link = situations.suspect();
  assert.is(link.pong(2, 10_300), `heard awaitTimer(${pingEveryMs + 300 + 4 * variationMsFirst}) measured(300)`);
});

test('the pong of a ping that another one replaced measures nothing', () => {
  const link = situations.asked();
  link.hint(10_100);
  link.heard(10_150);
  assert.is(link.pong(1, 10_150), '');
  assert.is(link.pong(2, 10_150), 'measured(50)');
});

const waiting = suite('what a link makes of silence where something waits to be acknowledged');

waiting('it asks so early that two seconds of silence are a loss', () => {
  const link = situations.calm();
  assert.is(link.ship(10_000), `awaitTimer(${silenceMsDefault - probeMsMin})`);
  assert.is(link.look(11_500), `ping(2) suspected awaitTimer(${probeMsMin})`);
  assert.is(link.look(12_000), 'silent');
});

waiting('a timer that is earlier anyway is left alone, and so is a probe that is out', () => {
  const link = situations.calm();
  link.ship(10_000);
  assert.is(link.ship(10_100), '');
  link.look(11_500);
  assert.is(link.ship(11_600), '');
});

waiting('on a slow link it gives an answer its time, and a probe its time', () => {
  const link = linkAt(9_000);
  link.pong(1, 9_600);
  const slowMs = 600 + 4 * 300;
  assert.is(link.ship(10_000), `awaitTimer(${slowMs})`);
  assert.is(link.look(10_000 + slowMs), `ping(2) suspected awaitTimer(${slowMs})`);
});

waiting('a long text is given the time that the slowest link needs for it', () => {
  const link = situations.calm();
  link.ship(10_000, 4_000 * unitsPerMs);
  assert.is(link.state.dueAt, 10_000 + answerMs(link.state) + 4_000);
});

waiting('anything that is heard puts it off', () => {
  const link = situations.calm();
  link.ship(10_000);
  link.heard(11_000);
  assert.is(link.look(11_500), `awaitTimer(${silenceMsDefault - probeMsMin - 500})`);
});

waiting('but not for ever: where all is heard and nothing acknowledged, it asks for an answer of its own', () => {
  const link = situations.calm();
  link.ship(10_000);
  for (let at = 11_000; at < 10_000 + oneWayMs; at += 1_000) {
    link.heard(at);
    link.look(at);
  }
  link.heard(10_000 + oneWayMs);
  assert.is(link.look(10_000 + oneWayMs), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
  assert.is(link.heard(10_000 + oneWayMs + 500), '', 'it was heard all the time');
  assert.is(link.look(10_000 + oneWayMs + idleProbeMsMin), 'silent');
});

waiting('which is its pong, or an acknowledgement', () => {
  const cut = () => {
    const link = situations.calm();
    link.ship(10_000);
    link.heard(10_000 + oneWayMs);
    link.look(10_000 + oneWayMs);
    return link;
  };
  const at = 10_000 + oneWayMs + 100;
  const answered = cut();
  assert.match(answered.pong(2, at), /^heard /);
  const more = cut();
  more.signs.awaitingSince = at;
  assert.match(more.heard(at), /^heard /);
  const all = cut();
  all.signs.awaitingSince = null;
  assert.match(all.heard(at), /^heard /);
});

/** One that was never measured, so that an answer and a probe are given a second each, with a text on its way since 10,000 that takes this much more. */
const withText = (ms: number) => {
  const link = situations.asked();
  link.ship(10_000, ms * unitsPerMs);
  return link;
};

waiting('a long text that is still on its way is no excuse for a link that has fallen silent past its rhythm', () => {
  const link = withText(10_000);
  link.heard(11_000);
  assert.is(link.look(11_000), `awaitTimer(${pingEveryMs + unmeasuredMs})`);
  assert.is(link.look(11_000 + pingEveryMs + unmeasuredMs), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
});

waiting('where the rhythm and the text are due at once, the probe has the time of an idle link, and any word will do', () => {
  const silent = withText(pingEveryMs);
  const at = 10_000 + pingEveryMs + unmeasuredMs;
  assert.is(silent.look(at), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
  assert.match(silent.heard(at + 100), /^heard /);
  const heard = withText(oneWayMs);
  heard.heard(13_000);
  assert.is(heard.look(19_000), `ping(2) suspected awaitTimer(${idleProbeMsMin})`);
  assert.match(heard.heard(19_100), /^heard /);
});

waiting('once it is silent as well, silence is what is judged, and any word ends it', () => {
  const link = withText(0);
  link.heard(14_000);
  assert.is(link.look(14_000 + unmeasuredMs), `ping(2) suspected awaitTimer(${unmeasuredMs})`);
  assert.match(link.heard(15_100), /^heard /);
  const both = withText(0);
  both.heard(10_000 + oneWayMs - unmeasuredMs);
  assert.is(both.look(10_000 + oneWayMs), `ping(2) suspected awaitTimer(${unmeasuredMs})`);
  assert.match(both.heard(10_000 + oneWayMs + 100), /^heard /);
});

waiting('what is acknowledged in the very millisecond of the probe answers it', () => {
  const link = situations.calm();
  link.ship(10_000);
  link.heard(10_000 + oneWayMs);
  link.look(10_000 + oneWayMs);
  notePassed(link.signs, 10_000 + oneWayMs);
  assert.match(link.heard(10_000 + oneWayMs), /^heard /);
});

waiting('where the rhythm is quicker than that, silence past the rhythm decides', () => {
  const signs = noSigns(10_000);
  const [state] = initialLiveness({ pingEveryMs: 100, setsRhythm: false, silenceMs: silenceMsDefault }, 10_000, signs);
  noteSaid(signs, { shipped: 1, peerReceived: 0 }, 0, 10_000);
  const [, effects] = reduceLiveness({ ...state, smoothedMs: 1 }, { type: 'look', now: 10_600, signs, lostMs: 0, nextAt: 10_600 });
  assert.is(written(effects), `ping(2) suspected awaitTimer(${probeMsMin})`);
});

const rhythm = suite('the side that sets the rhythm');

rhythm('asks nothing by itself, and for no timer', () => {
  assert.is(linkAt(0, true).first, '');
});

rhythm('pings where it has said nothing, or heard nothing, for the rhythm by the next look', () => {
  const link = linkAt(0, true);
  link.signs.saidAt = 1_000;
  link.heard(1_000);
  assert.is(link.look(5_000, { nextAt: 6_050 }), '');
  assert.is(link.look(5_000, { nextAt: 6_051 }), 'ping(1)');
  link.signs.saidAt = 5_000;
  assert.is(link.look(5_000, { nextAt: 6_051 }), 'ping(2)', 'it was not heard');
  assert.not.ok(isAsking(link.state), 'it is no probe');
  assert.is(link.pong(2, 5_080), 'measured(80)');
});

rhythm('asks where the client is silent past the rhythm, and gives it up where it does not answer', () => {
  const link = linkAt(0, true);
  assert.is(link.look(pingEveryMs + unmeasuredMs), 'ping(1) suspected');
  assert.is(link.look(pingEveryMs + unmeasuredMs + idleProbeMsMin - 1), '');
  assert.is(link.look(pingEveryMs + unmeasuredMs + idleProbeMsMin), 'silent');
});

rhythm('that stood still counts the silence from then on, and gives who was asked the whole time again', () => {
  const idle = linkAt(0, true);
  assert.is(idle.look(60_000, { lostMs: 55_000, nextAt: 61_000 }), 'ping(1)', 'the rhythm goes on');
  assert.is(idle.look(60_000 + pingEveryMs + unmeasuredMs - 1, { nextAt: 0 }), '');
  const asked = linkAt(0, true);
  asked.look(pingEveryMs + unmeasuredMs);
  assert.is(asked.look(60_000, { lostMs: 50_000 }), 'ping(2)');
  assert.is(asked.look(60_000 + idleProbeMsMin - 1), '');
  assert.is(asked.look(60_000 + idleProbeMsMin), 'silent');
});

rhythm('is the one that a client asks for, but never quicker than its own, nor slower than a minute', () => {
  assert.equal(
    [undefined, 1_000, 25_000, 3_600_000].map((asked) => rhythmOf(5_000, asked)),
    [5_000, 5_000, 25_000, 60_000],
  );
  assert.is(rhythmOf(90_000, 25_000), 90_000);
});

const smoothing = suite('the round-trip time of a link');

const measured = (...samples: readonly number[]): LivenessState => {
  const link = linkAt(0);
  let now = 0;
  for (const [index, sample] of samples.entries()) {
    if (index > 0) link.hint(now);
    now += sample;
    link.pong(index + 1, now);
  }
  return link.state;
};

smoothing('the first sample is taken as it is, with half of it as variation (RFC 6298 §2.2), and a quarter of a second at least', () => {
  assert.equal([measured(800).smoothedMs, measured(800).variationMs], [800, 400]);
  assert.equal([measured(80).smoothedMs, measured(80).variationMs], [80, variationMsFirst]);
});

smoothing('each further one moves it by an eighth; what it varies by is learnt in quarters and forgotten in sixteenths', () => {
  assert.equal([measured(80, 160).smoothedMs, measured(80, 160).variationMs], [90, 250 - (250 - 80) / 16]);
  assert.equal([measured(80, 1_080).smoothedMs, measured(80, 1_080).variationMs], [205, 250 + 750 / 4]);
});

smoothing('a steady link comes to its own time, and its variation to nothing', () => {
  const { smoothedMs, variationMs } = measured(...Array.from({ length: 200 }, () => 30));
  assert.ok(Math.abs((smoothedMs ?? 0) - 30) < 0.01);
  assert.ok(variationMs < 0.01);
});

smoothing('an acknowledgement measures as a pong does, and is not shown', () => {
  const link = situations.asked();
  assert.is(link.timed(80, 10_080), '');
  assert.is(link.state.smoothedMs, 80);
});

smoothing('a probe is given the smoothed time and four variations, within its bounds', () => {
  assert.is(probeMs({ smoothedMs: null, variationMs: 0 }), unmeasuredMs);
  assert.is(probeMs({ smoothedMs: 600, variationMs: 100 }), 1_000);
  assert.is(probeMs({ smoothedMs: 1, variationMs: 0 }), probeMsMin);
  assert.is(probeMs({ smoothedMs: 9_000, variationMs: 9_000 }), probeMsMax);
});

test.run();
waiting.run();
rhythm.run();
smoothing.run();
