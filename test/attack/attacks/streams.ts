/** Attacks by a client that was admitted and lies about its stream, or leaves the server's answers where they are. */
import { newToken, resumeFor } from '../../support/raw.js';
import { type Attack, among, answerTo, endOf, flood, only, pause, side } from '../kit.js';

const endless = { messages: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER };

const neverReads: Attack = {
  name: 'never-reads',
  what: '4 clients that claim an endless window have the server send them 32 MB each, and read none of it',
  limit: '`limits.buffer`: `SlowConsumerError` past what it lets a socket hold, or silence',
  run: (at) =>
    side(at.size(4, 2), 4, async (index) => {
      const { raw } = await at.start(`never-reads-${index}`, { window: endless });
      raw.ws.pause();
      for (let n = 0; n < 100; n += 1) {
        raw.send(['m', 'feed', { count: 5, size: 65_536 }]);
        await pause(50);
      }
      // It is told that it is over at the latest when it reads at last.
      while (!(await at.isOver(raw))) raw.send(['q', 'mirror', 1_000, 'x'.repeat(10_000)]);
      at.count('given up');
    }),
  judge: (tally) => among(tally, 'given up'),
};

const pongs: Attack = {
  name: 'pings-unread',
  what: '4 clients ping five million times each, as fast as they can, and never read the answers',
  limit: 'no ping is answered while 64 KiB of answers are unread ([R50])',
  run: (at) =>
    side(at.size(4, 1), 4, async (index) => {
      const { raw } = await at.start(`pings-${index}`);
      raw.ws.pause();
      const batch = JSON.stringify(Array.from({ length: 128 }, (_, n) => ['ping', Number.MAX_SAFE_INTEGER - n]));
      await flood(raw, at.size(40_000, 1_000), () => batch);
      at.count(raw.ws.readyState === raw.ws.OPEN ? 'borne' : 'given up');
      raw.drop();
    }),
  judge: (tally) => among(tally, 'borne'),
};

const future: Attack = {
  name: 'future-acknowledgements',
  what: 'acknowledgements of what was never sent, exceptions of the future, and ones that take back',
  limit: '[R29]: a `ProtocolError`',
  run: async (at) => {
    const lies = [
      [1_000_000, 0, 0, 0],
      [0, 5, 0, 0],
      [0, 0, 5, 0],
      [0, 0, 0, 5],
      [0, 0, 0, 0, [[5, 'failed']]],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER],
    ];
    await side(at.size(20, 2) * lies.length, 6, async (index) => {
      const { raw } = await at.start(`future-${index % 6}`);
      raw.send(['a', ...(lies[index % lies.length] as readonly unknown[])]);
      at.count(await endOf(raw));
    });
  },
  judge: (tally, scale) => only(tally, { ProtocolError: (scale === 'full' ? 20 : 2) * 6 }),
};

const positions: Attack = {
  name: 'false-positions',
  what: 'resumes that claim to have received, done, seen and said what never was; the session is then resumed as it is, and serves',
  limit: '[R58]: `mismatch`, which ends nothing by itself',
  run: async (at) => {
    const lies = [
      { received: 50 },
      { received: 5, done: 5, seen: 5 },
      { received: 90, done: 90, seen: 0, last: 90 },
      { done: Number.MAX_SAFE_INTEGER, received: Number.MAX_SAFE_INTEGER },
      { done: 1 },
      { done: Number.MAX_SAFE_INTEGER },
      { seen: 1 },
      { exceptions: [[1, 'failed']] },
    ];
    await side(at.size(15, 2) * lies.length, 4, async (index) => {
      const { welcome, token, raw: first } = await at.startResumable(`positions-${index}`);
      first.drop();
      const raw = await at.open();
      raw.send(['hello', resumeFor(welcome.session, [token], { positions: lies[index % lies.length] })]);
      at.count((await raw.take('mismatch'))[0]);
      raw.drop();
      const honest = await at.open();
      honest.send(['hello', resumeFor(welcome.session, [token])]);
      at.count(((await honest.take('welcome'))[1] as { readonly outcome: string }).outcome);
      honest.send(['q', 'mirror', 1_000, index]);
      at.count((await honest.take('r'))[2] === index ? 'served' : 'another answer');
      honest.send(['bye', { code: 'SessionEndedError', message: '' }]);
    });
  },
  judge: (tally, scale) => {
    const count = (scale === 'full' ? 15 : 2) * 8;
    return only(tally, { mismatch: count, resumed: count, served: count });
  },
};

const beyondWindow: Attack = {
  name: 'beyond-the-window',
  what: 'messages beyond the window, behind a handler that never comes to an end',
  limit: '`limits.window`: a `ProtocolError` ([R39])',
  run: (at) =>
    side(at.size(20, 2), 5, async (index) => {
      const { raw } = await at.start(`window-${index}`);
      raw.send(['m', 'slow', 0]);
      const batch = JSON.stringify(Array.from({ length: 128 }, () => ['m', 'evil', 'x'.repeat(1_000)]));
      await flood(raw, 1_000, () => batch);
      at.count(await endOf(raw));
    }),
  judge: (tally) => among(tally, 'ProtocolError'),
};

const unanswered: Attack = {
  name: 'requests-unanswered',
  what: "the server's requests are never answered, and ten thousand of the client's run at once and are never cancelled",
  limit: '`requestTimeoutMs`, 1,024 requests at once, four windows of answers; who acknowledges nothing is silent, and its link is closed',
  run: (at) =>
    side(at.size(10, 1), 10, async (index) => {
      const { raw } = await at.start(`unanswered-${index}`, { window: endless });
      raw.send(['m', 'ask', { count: 200 }]);
      const batch = JSON.stringify(Array.from({ length: 128 }, () => ['q', 'never', 60_000, 1]));
      for (let n = 0; n < 80; n += 1) {
        raw.sendText(batch);
        // Their answers are taken, and never acknowledged.
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (raw.ws.readyState !== raw.ws.OPEN) break;
      }
      at.count(await endOf(raw));
    }),
  judge: (tally) => among(tally, 'SlowConsumerError', 'ProtocolError', 'close 1000', 'close 1006'),
};

const resumeStorm: Attack = {
  name: 'resume-storm',
  what: 'one client resumes its own session as fast as it can, each time with a message that it never lets be acknowledged',
  limit: '`limits.admissionsPerSecond`: `ServerBusyError`; each resume makes the link before it deaf',
  run: async (at) => {
    const { welcome, token, raw: first } = await at.startResumable('storm');
    first.send(['m', 'feed', { count: 100, size: 1_000 }]);
    await first.take('m');
    let tokens = [token];
    for (let n = 0; n < at.size(2_000, 50); n += 1) {
      const next = newToken();
      const raw = await at.open();
      raw.send(['hello', resumeFor(welcome.session, tokens, { next, positions: { last: 1 } })]);
      const [tag] = await answerTo(raw);
      at.count(tag === 'welcome' ? 'resumed' : await endOf(raw));
      if (tag === 'welcome') tokens = [next];
      raw.drop();
    }
  },
  judge: (tally) => among(tally, 'resumed', 'ServerBusyError'),
};

const answers: Attack = {
  name: 'answers-made-up',
  what: "the server's requests are answered three times each and failed besides; answers and cancels for numbers that were never asked; requests whose numbers come again after a resume",
  limit: '[R43]: what is not waited for is ignored; [R27]: a number is counted, never said, so that none is used twice',
  run: (at) =>
    side(at.size(20, 2), 10, async (index) => {
      const { raw, welcome, token } = await at.startResumable(`answers-${index}`, { window: endless });
      raw.send(['m', 'ask', { count: 50 }]);
      for (let n = 1; n <= 50; n += 1) {
        await raw.take('q');
        raw.send(['r', n, 1], ['r', n, 2], ['x', n, 'RequestFailedError', 'no'], ['r', n, 3]);
      }
      for (let n = 0; n < at.size(200, 5); n += 1)
        raw.send(
          ...Array.from({ length: 60 }, (_, m) => ['r', 1_000_000 + m, 'x'.repeat(100)]),
          ...Array.from({ length: 60 }, (_, m) => ['c', 9_000 + m]),
        );
      raw.send(['q', 'mirror', 1_000, 'still there']);
      at.count((await raw.take('r'))[2] === 'still there' ? 'borne' : 'another answer');
      raw.drop();
      // What was done is not done again: its numbers are behind.
      const again = await at.open();
      again.send(['hello', resumeFor(welcome.session, [token], { positions: { last: 0 } })]);
      at.count(`numbers anew: ${String((await answerTo(again))[0])}`);
    }),
  judge: (tally) => among(tally, 'borne', 'numbers anew: mismatch'),
};

const bombs: Attack = {
  name: 'skip-and-failure-bombs',
  what: 'skips to the end of what can be counted and beyond, and failures with messages of 200 KB and codes that are none, thousands of them',
  limit:
    '[R27]: a number past 2^53 - 2 is a `ProtocolError`; a message for people is cut, and a code that is unknown is a `ProtocolError` to who asked',
  run: (at) =>
    side(at.size(20, 4), 4, async (index) => {
      const { raw } = await at.start(`bomb-${index}`);
      if (index % 2 === 0) {
        const failures = JSON.stringify(Array.from({ length: 4 }, (_, n) => ['x', n + 1, `Code${n}`, 'x'.repeat(200_000)]));
        at.count('batches', await flood(raw, at.size(200, 5), () => failures));
        raw.send(['ping', 1]);
        await raw.take('pong');
        at.count('borne');
        return raw.drop();
      }
      raw.send(['s', Number.MAX_SAFE_INTEGER - 5], ['m', 'evil', 1], ['ping', 1]);
      await raw.take('pong');
      raw.send(['m', 'evil', 2], ['m', 'evil', 3], ['m', 'evil', 4], ['m', 'evil', 5]);
      at.count(await endOf(raw));
    }),
  judge: (tally) => among(tally, 'batches', 'borne', 'ProtocolError'),
};

const slowResumes: Attack = {
  name: 'resumes-unread',
  what: '4 clients have 4 MB waiting for them and resume 100 times each, each time with an endless window and without reading a byte of it',
  limit:
    '`limits.buffer`, once for each session however many links it had; a link that is taken over is closed, and what its socket held goes with it',
  run: (at) =>
    side(at.size(4, 1), 4, async (index) => {
      const { raw, welcome, token } = await at.startResumable(`unread-${index}`, { window: endless });
      raw.send(['m', 'feed', { count: at.size(64, 8), size: 65_536 }]);
      await raw.take('m');
      raw.ws.pause();
      let tokens = [token];
      for (let n = 0; n < at.size(100, 5); n += 1) {
        const next = newToken();
        const again = await at.open();
        again.send(['hello', resumeFor(welcome.session, tokens, { next, positions: { last: 1 } })]);
        const [tag] = await answerTo(again);
        if (tag !== 'welcome') {
          at.count(await endOf(again));
          break;
        }
        again.ws.pause();
        tokens = [next];
        at.count('resumed');
      }
    }),
  judge: (tally) => among(tally, 'resumed', 'ServerBusyError', 'SlowConsumerError', 'SessionEndedError'),
};

export const streams: readonly Attack[] = [
  neverReads,
  slowResumes,
  pongs,
  future,
  positions,
  beyondWindow,
  unanswered,
  answers,
  bombs,
  resumeStorm,
];
