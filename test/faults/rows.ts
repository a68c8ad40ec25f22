/** The matrix: one row for each way in which a connection or a server fails. */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startChild } from './child.js';
import { now } from './journal.js';
import { eventually, type World, type WorldOptions } from './world.js';

/** What a row may promise of a direction. */
export type Promised =
  /** Each message is handled once, in order. */
  | 'once'
  /** At least once, in order; what is repeated is marked `redelivered`. */
  | 'marked'
  /** What is not known as handled is handed back to its sender. */
  | 'told'
  /** The sender died with its memory: the other side hears of it (`gap`). */
  | 'gone';

/** A time in milliseconds that a row is judged by. */
export interface TimeGoal {
  readonly of: 'outage up' | 'outage down' | 'noticed';
  readonly medianMs?: number;
  readonly worstMs: number;
}

export interface Row {
  readonly name: string;
  /** For people: what happens. */
  readonly what: string;
  readonly store?: WorldOptions['store'];
  /** One way, in milliseconds. Default: 25, a round trip of 50. */
  readonly delayMs?: number;
  readonly server?: WorldOptions['server'];
  readonly client?: WorldOptions['client'];
  readonly up: Promised;
  readonly down: Promised;
  /** How often the fault happens in a full run. */
  readonly times: number;
  readonly goals?: readonly TimeGoal[];
  /** How long a link works before each fault, where times are judged, in milliseconds: the try after a link that was not healthy waits. */
  readonly healthyMs?: number;
  /** Messages a second each way while it happens. Default: 1,000. */
  readonly rate?: number;
  /** Let it happen once, and wait until the session is as before. Gives when it began where its outage is measured, and how long it took to be noticed. */
  fault(world: World): Promise<{ readonly at?: number; readonly noticedMs?: number }>;
  /** What must hold besides, when all is over; a sentence where it does not. */
  check?(world: World): string | null;
}

/** Longer than the `healthyAfterMs` of a client, after which the loss of a link is followed by a prompt try. */
const HEALTHY_MS = 5_200;

/** The goals of a cut that the client sees, at a round trip of 50 ms: two round trips, half a one more for what goes up, and what processes take. */
const seenByClient: readonly TimeGoal[] = [
  { of: 'outage down', medianMs: 130, worstMs: 250 },
  { of: 'outage up', medianMs: 155, worstMs: 250 },
];
/** Two seconds until it is noticed, and three round trips. */
const seenByServer: readonly TimeGoal[] = [
  { of: 'outage down', worstMs: 2_150 },
  { of: 'outage up', worstMs: 2_150 },
];
/** Half-open with messages under way: two seconds where the round trip is short, and what timers are late by. */
const noticedBusy: readonly TimeGoal[] = [{ of: 'noticed', worstMs: 2_100 }];
/** Where the round trip is long: its smoothed time, four variations, and a probe that is given as much; a link that is young is taken to vary by 250 ms. */
const noticedFar: readonly TimeGoal[] = [{ of: 'noticed', worstMs: 2 * (400 + 4 * 250) + 100 }];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A while of work between two faults, so that they meet a session in every state. */
const work = (world: World): Promise<void> => pause(150 + world.random() * 200);

/** Break the link by `act`; the session comes back by itself. */
const breaks = (act: (world: World) => unknown) => async (world: World) => {
  await work(world);
  let at = 0;
  await world.broken(() => {
    at = now();
    return act(world);
  });
  world.proxy.dropHalfOpen();
  return { at };
};

/** Hold the link without a word; the time until the client gives it up is what counts. */
const holds = (direction: 'both' | 'up' | 'down') => async (world: World) => {
  await work(world);
  const at = now();
  let noticedMs = 0;
  const off = world.kitty.on('lost', () => {
    noticedMs = now() - at;
    // What was held arrives now, late: at a connection that its client has left.
    world.proxy.resume();
  });
  await world.broken(() => world.proxy.stall(direction));
  off();
  return { noticedMs };
};

/** A link that changes for a second, and is not lost for it. */
const endures = (change: (world: World) => void, undo: (world: World) => void) => async (world: World) => {
  await work(world);
  change(world);
  await pause(1_000);
  undo(world);
  return {};
};

/** Break a connection that comes back at a moment of its opening, so often, and let it through at last. */
const breaksResume = (moments: readonly ((world: World, act: () => void) => void)[]) => async (world: World) => {
  await work(world);
  let left = moments.length;
  const arm = (index: number): void =>
    moments[index]?.(world, () => {
      left -= 1;
      arm(index + 1);
    });
  await world.broken(() => {
    world.proxy.cut('both');
    arm(0);
  });
  await eventually(() => left === 0, 'every moment of the opening was met');
  await world.active();
  world.proxy.dropHalfOpen();
  return {};
};
const answerLost = (side: 'both' | 'client') => (world: World, act: () => void) =>
  void world.proxy.after('down', 1, 'frames', () => {
    world.proxy.cut(side);
    act();
  });
const helloLost = (world: World, act: () => void) =>
  void world.proxy.after('up', 100, 'bytes', () => {
    world.proxy.cut('both');
    act();
  });

const restarted = async (world: World) => {
  await work(world);
  await world.broken(async () => {
    await world.kill();
    await world.restart();
  });
  return {};
};

export const rows: readonly Row[] = [
  {
    name: 'cut',
    what: 'both ends see the connection reset',
    up: 'once',
    down: 'once',
    times: 20,
    goals: seenByClient,
    healthyMs: HEALTHY_MS,
    fault: breaks(({ proxy }) => proxy.cut('both')),
  },
  {
    name: 'cut-client',
    what: 'only the client sees it',
    up: 'once',
    down: 'once',
    times: 20,
    goals: seenByClient,
    healthyMs: HEALTHY_MS,
    fault: breaks(({ proxy }) => proxy.cut('client')),
  },
  {
    name: 'cut-server',
    what: 'only the server sees it',
    up: 'once',
    down: 'once',
    times: 5,
    goals: seenByServer,
    healthyMs: HEALTHY_MS,
    fault: breaks(({ proxy }) => proxy.cut('server')),
  },
  {
    name: 'cut-sqlite',
    what: 'both ends see the connection reset, sessions in SQLite',
    store: 'sqlite',
    up: 'once',
    down: 'once',
    times: 20,
    fault: breaks(({ proxy }) => proxy.cut('both')),
  },
  {
    name: 'cut-mid-frame',
    what: 'reset in the middle of a frame, after so many bytes',
    up: 'once',
    down: 'once',
    times: 20,
    fault: breaks((world) => {
      const direction = world.random() < 0.5 ? 'up' : 'down';
      world.proxy.after(direction, 1 + Math.floor(world.random() * 3_000), 'bytes', () => world.proxy.cut('both'));
    }),
  },
  {
    name: 'half-open',
    what: 'nothing passes either way, nobody is told',
    up: 'once',
    down: 'once',
    times: 4,
    goals: noticedBusy,
    healthyMs: HEALTHY_MS,
    fault: holds('both'),
  },
  {
    name: 'half-open-up',
    what: 'nothing passes to the server',
    up: 'once',
    down: 'once',
    times: 4,
    goals: noticedBusy,
    healthyMs: HEALTHY_MS,
    fault: holds('up'),
  },
  {
    name: 'half-open-down',
    what: 'nothing passes to the client',
    up: 'once',
    down: 'once',
    times: 4,
    goals: noticedBusy,
    healthyMs: HEALTHY_MS,
    fault: holds('down'),
  },
  {
    name: 'half-open-near',
    what: 'nothing passes either way, round trip 5 ms',
    delayMs: 2.5,
    up: 'once',
    down: 'once',
    times: 3,
    goals: noticedBusy,
    healthyMs: HEALTHY_MS,
    fault: holds('both'),
  },
  {
    name: 'half-open-far',
    what: 'nothing passes either way, round trip 400 ms',
    delayMs: 200,
    up: 'once',
    down: 'once',
    times: 3,
    goals: noticedFar,
    healthyMs: HEALTHY_MS,
    fault: holds('both'),
  },
  {
    name: 'half-open-idle',
    what: 'nothing passes either way while nothing is said',
    rate: 0,
    up: 'once',
    down: 'once',
    times: 1,
    goals: [{ of: 'noticed', worstMs: 10_000 }],
    fault: holds('both'),
  },
  {
    name: 'slower',
    what: 'the round trip grows from 50 to 400 ms and falls again',
    up: 'once',
    down: 'once',
    times: 3,
    fault: endures(
      ({ proxy }) => proxy.delay(200),
      ({ proxy }) => proxy.delay(25),
    ),
  },
  {
    name: 'jitter',
    what: 'every chunk is up to a second late',
    up: 'once',
    down: 'once',
    times: 3,
    fault: endures(
      ({ proxy }) => proxy.jitter(1_000),
      ({ proxy }) => proxy.jitter(0),
    ),
  },
  {
    name: 'narrow',
    what: 'half the bytes a second that are sent',
    up: 'once',
    down: 'once',
    times: 3,
    fault: endures(
      ({ proxy }) => proxy.throttle(35_000),
      ({ proxy }) => proxy.throttle(Infinity),
    ),
  },
  {
    name: 'split',
    what: 'TCP hands on 7 bytes at a time',
    up: 'once',
    down: 'once',
    times: 3,
    rate: 200,
    fault: endures(
      ({ proxy }) => proxy.split(7),
      ({ proxy }) => proxy.split(Infinity),
    ),
  },
  {
    name: 'merged',
    what: 'TCP hands on what came in 100 ms as one',
    up: 'once',
    down: 'once',
    times: 3,
    fault: endures(
      ({ proxy }) => proxy.merge(100),
      ({ proxy }) => proxy.merge(0),
    ),
  },
  {
    name: 'refused',
    what: 'cut, and connections are refused for a second',
    up: 'once',
    down: 'once',
    times: 3,
    fault: breaks(({ proxy }) => {
      proxy.refuse();
      proxy.cut('both');
      setTimeout(() => void proxy.accept(), 1_000);
    }),
  },
  {
    name: 'ignored',
    what: 'cut, and the first new connection is accepted and hears nothing',
    up: 'once',
    down: 'once',
    times: 1,
    client: { connectTimeoutMs: 1_000 },
    fault: breaks(({ proxy }) => {
      proxy.ignore();
      const { accepted } = proxy;
      proxy.cut('both');
      void eventually(() => proxy.accepted > accepted, 'it tries again').then(() => proxy.accept());
    }),
  },
  {
    name: 'resume-answer-lost',
    what: "the resume's own answer is lost, with the token that it confirms: both see it",
    up: 'once',
    down: 'once',
    times: 5,
    fault: breaksResume([answerLost('both')]),
  },
  {
    name: 'rotation-lost',
    what: 'the answer is lost and only the client sees it: for the server the new token is in use',
    up: 'once',
    down: 'once',
    times: 5,
    fault: breaksResume([answerLost('client')]),
  },
  {
    name: 'two-losses',
    what: 'two losses within one resume: the hello, then the answer',
    up: 'once',
    down: 'once',
    times: 3,
    fault: breaksResume([helloLost, answerLost('client')]),
  },
  {
    name: 'nothing-yet',
    what: 'the link goes before the client has received anything but its welcome',
    up: 'once',
    down: 'once',
    times: 1,
    rate: 0,
    fault: breaks((world) => {
      world.proxy.after('down', 1, 'frames', () => world.proxy.cut('both'));
      world.burst(50);
    }),
  },
  {
    name: 'server-killed',
    what: 'kill -9 of the server, sessions in SQLite, another process takes its place',
    store: 'sqlite',
    up: 'marked',
    down: 'once',
    times: 5,
    fault: restarted,
    check: ({ seen }) => (seen.gaps > 0 ? `${seen.gaps} gaps: the session was not resumed` : null),
  },
  {
    name: 'server-killed-memory',
    what: 'kill -9 of the server, sessions in memory',
    up: 'told',
    down: 'gone',
    times: 3,
    fault: restarted,
    check: ({ seen }) => (seen.gaps === 0 ? 'nobody was told' : null),
  },
  {
    name: 'store-rolled-back',
    what: 'the server is killed, and its store is a copy from before its last commits when it starts again',
    store: 'sqlite',
    up: 'told',
    down: 'gone',
    times: 1,
    fault: async (world) => {
      await work(world);
      // A process that stands still writes nothing: what is copied then is a commit's end.
      process.kill(world.child.pid, 'SIGSTOP');
      const there = ['', '-wal', '-shm'].map((end) => world.file + end).filter(existsSync);
      for (const copy of there) await copyFile(copy, `${copy}.kept`);
      process.kill(world.child.pid, 'SIGCONT');
      await work(world);
      await world.broken(async () => {
        await world.kill();
        for (const copy of there) await copyFile(`${copy}.kept`, copy);
        await world.restart();
      });
      return {};
    },
    check: ({ seen }) => (seen.gaps === 0 ? 'nobody was told' : null),
  },
  {
    name: 'second-server',
    what: 'a second server on the same file: refused while the first one lives',
    store: 'sqlite',
    up: 'once',
    down: 'once',
    times: 1,
    fault: async (world) => {
      await work(world);
      const second = await startChild({ folder: dirname(world.file), file: world.file }).then(
        () => null,
        (error: Error) => error.message,
      );
      if (second === null || !/another server writes this file/.test(second)) throw new Error(`It was not refused: ${second}`);
      await work(world);
      return {};
    },
  },
];
