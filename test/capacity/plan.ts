/** How large a run is, and how long its parts take. */
export interface CapacityPlan {
  readonly sessions: number;
  /** Clients of the library itself among them. */
  readonly apps: number;
  readonly store: 'memory' | 'sqlite';
  /** How long it is idle, talks, and has clients that come and go, in seconds each. */
  readonly seconds: number;
  /** How often each session says something, in seconds. */
  readonly everySeconds: number;
  /** Goings and comings a second. */
  readonly churn: number;
  /** How many news everyone is told. */
  readonly news: number;
  /** Sessions of the warm-up: code is compiled and tables have their size before anything is measured. */
  readonly warmUp: number;
  readonly warmUpSeconds: number;
  /** How long the server keeps a lost session, and how long one that was cut is away at most, in milliseconds. */
  readonly resumeWindowMs: number;
  readonly awayMaxMs: number;
  /** How long users are online after their last session, in milliseconds. */
  readonly presenceGraceMs: number;
  /** How long what a start leaves behind may last, in milliseconds: its timers, and acknowledgements that ride on nothing. */
  readonly calmMs: number;
}

export const fullPlan: CapacityPlan = {
  sessions: 10_000,
  apps: 100,
  store: 'memory',
  // Four rhythms of pings: it does not matter where in one of them a part begins.
  seconds: 20,
  everySeconds: 5,
  churn: 200,
  news: 5,
  warmUp: 1_000,
  warmUpSeconds: 3,
  // What was cut comes back within a second, on a busy machine too, and what was left is over when the run goes on.
  resumeWindowMs: 15_000,
  awayMaxMs: 1_000,
  presenceGraceMs: 1_000,
  calmMs: 1_000,
};

/** For the tests: a few seconds. */
export const smallPlan: CapacityPlan = {
  sessions: 200,
  apps: 5,
  store: 'memory',
  seconds: 1,
  everySeconds: 0.25,
  churn: 150,
  news: 2,
  warmUp: 100,
  warmUpSeconds: 1,
  resumeWindowMs: 1_000,
  awayMaxMs: 200,
  presenceGraceMs: 100,
  calmMs: 200,
};

/** Light clients in one process, which each take an open file of it. */
export const PER_CROWD = 10_000;
/** How many clients start at a time, of all processes. */
export const AT_ONCE = 50;
/** How many sessions are admitted in a second, at most: several times what `--churn` asks for, and more than one core welcomes. */
export const ADMISSIONS_PER_SECOND = 10_000;
/** How many sessions the server may have: more than any machine bears, since it is the machine whose limit `--find` looks for. */
export const SESSIONS_MAX = 10_000_000;
