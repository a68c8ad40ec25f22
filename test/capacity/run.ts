/** One run, from an empty server to an empty server: what it costs, and whether anything is lost. */
import type { AppsFigures } from './apps-child.js';
import type { Program } from './orders.js';
import type { CapacityPlan } from './plan.js';
import type { ServerFigures } from './server-child.js';
import { type CrowdsFigures, Stage } from './stage.js';

/** What a part of the run was like, seen from all sides. */
export interface Seen {
  readonly seconds: number;
  readonly server: ServerFigures;
  /** Processor time of the server in it, in milliseconds. */
  readonly cpuMs: number;
  readonly crowd: CrowdsFigures;
  readonly apps: AppsFigures | null;
}

export interface CapacityRun {
  readonly plan: CapacityPlan;
  /** Behind a collection each: warmed up and empty; full and idle; after the comings and goings; empty again. */
  readonly held: {
    readonly start: ServerFigures;
    readonly idle: ServerFigures;
    readonly churned: ServerFigures;
    readonly end: ServerFigures;
  };
  readonly fill: Seen;
  readonly idle: Seen;
  readonly talk: Seen;
  readonly churn: Seen;
  readonly fanOut: Seen & { readonly tookMs: readonly number[] };
  readonly drain: Seen & { readonly tookMs: number };
  readonly problems: readonly string[];
}

/** How long the server may need to notice that a session's window is over, in milliseconds. */
const NOTICE_MAX_MS = 10_000;
const LOOK_EVERY_MS = 100;
const SECOND_MS = 1_000;

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks at all sides before and after, and says what was between. */
const seen = async <Told>(stage: Stage, what: () => Promise<Told>): Promise<Seen & { readonly told: Told }> => {
  await stage.crowdFigures();
  await stage.appsFigures();
  const before = await stage.serverFigures({ collected: false });
  const at = performance.now();
  const told = await what();
  const seconds = (performance.now() - at) / SECOND_MS;
  const server = await stage.serverFigures({ collected: false });
  return { seconds, server, cpuMs: server.cpuMs - before.cpuMs, crowd: await stage.crowdFigures(), apps: await stage.appsFigures(), told };
};

/** Until the server has so many sessions: those that nobody came back for are over. */
const untilSessions = async (stage: Stage, count: number, { resumeWindowMs }: Pick<CapacityPlan, 'resumeWindowMs'>): Promise<void> => {
  const givenUpAt = performance.now() + resumeWindowMs + NOTICE_MAX_MS;
  for (;;) {
    const { sessions } = await stage.serverFigures({ collected: false });
    if (sessions === count) return;
    if (performance.now() > givenUpAt) {
      stage.problems.push(`the server has ${sessions} sessions where ${count} are expected`);
      return;
    }
    await rest(LOOK_EVERY_MS);
  }
};

const warmUp = async (stage: Stage, plan: CapacityPlan): Promise<void> => {
  const { warmUp: sessions, warmUpSeconds, everySeconds, churn } = plan;
  await stage.fill(sessions);
  await stage.talk(sessions / everySeconds);
  await stage.churn(churn);
  await rest(warmUpSeconds * SECOND_MS);
  await stage.talk(0);
  await stage.churn(0);
  await stage.settle();
  await stage.tellEveryone(0);
  await stage.empty();
  await untilSessions(stage, 0, plan);
  await rest(plan.presenceGraceMs + plan.calmMs);
};

/** `say` is told what is done next. Rejects where it can not be run at all. */
export const runCapacity = async (plan: CapacityPlan, program: Program, say: (what: string) => void): Promise<CapacityRun> => {
  const { sessions, apps, seconds, everySeconds, churn } = plan;
  const all = sessions + apps;
  const perSecond = sessions / everySeconds;
  const span = (): Promise<void> => rest(seconds * SECOND_MS);
  say(`a server and its clients start; ${plan.warmUp} sessions come, talk and go, to warm it up`);
  const stage = await Stage.open(program, plan);
  try {
    await warmUp(stage, plan);
    const start = await stage.serverFigures({ collected: true });
    say(`fill: ${all} sessions`);
    const fill = await seen(stage, () => stage.fill(sessions));
    await stage.startApps({ count: apps, perSecond: 1 / everySeconds });
    await rest(plan.calmMs);
    const idleHeld = await stage.serverFigures({ collected: true });
    say(`idle: nobody says anything for ${seconds} s`);
    const idle = await seen(stage, span);
    say(`talk: ${Math.round(perSecond)} messages a second, for ${seconds} s`);
    const talk = await seen(stage, async () => {
      await stage.talk(perSecond);
      await span();
      await stage.talk(0);
      await stage.settle();
    });
    say(`churn: ${churn} sessions a second come and go beside that, for ${seconds} s`);
    const churned = await seen(stage, async () => {
      await stage.talk(perSecond);
      await stage.churn(churn);
      await span();
      await stage.churn(0);
      await stage.talk(0);
      await stage.settle();
    });
    await untilSessions(stage, all, plan);
    await rest(plan.presenceGraceMs + plan.calmMs);
    const churnedHeld = await stage.serverFigures({ collected: true });
    say(`fan-out: everyone is told something, ${plan.news} times`);
    await stage.watchLoop(true);
    const fanOut = await seen(stage, async () => {
      const tookMs: number[] = [];
      for (let n = 1; n <= plan.news; n += 1) {
        tookMs.push(await stage.tellEveryone(n));
        await rest(plan.calmMs);
      }
      return tookMs;
    });
    await stage.watchLoop(false);
    if (fanOut.apps !== null && fanOut.apps.newsLast !== plan.news) stage.problems.push('the clients of the library lack news');
    say('drain: everyone is told goodbye');
    const drain = await seen(stage, () => stage.drain());
    await stage.endApps();
    // With a store that keeps sessions they wait there for the next process.
    if (plan.store === 'memory') await untilSessions(stage, 0, plan);
    const end = await stage.serverFigures({ collected: true });
    return {
      plan,
      held: { start, idle: idleHeld, churned: churnedHeld, end },
      fill,
      idle,
      talk,
      churn: churned,
      fanOut: { ...fanOut, tookMs: fanOut.told },
      drain: { ...drain, tookMs: drain.told.tookMs },
      problems: stage.problems,
    };
  } finally {
    await stage.close();
  }
};
