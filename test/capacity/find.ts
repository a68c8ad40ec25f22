/** How many sessions one server process bears: more and more, until a limit is met, then between the two last. */
import { budgets } from './judge.js';
import { sessionsMax } from './machine.js';
import type { Program } from './orders.js';
import type { CapacityPlan } from './plan.js';
import type { Level } from './report.js';
import { Stage } from './stage.js';

/** What one process may take, in MiB. */
export const RSS_MAX_MIB = 1_024;
const MIB = 1_048_576;
const SECOND_MS = 1_000;
/** Levels between the last that was borne and the first that was not: an eighth of it is exact enough. */
const BETWEEN = 3;

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What stops the search besides a process's memory. */
const openFiles = 'open files';
const tooSlow = `echo p99 above ${budgets.echoP99Ms} ms`;

/** A fresh server with so many sessions, which talk for a while. */
const tryLevel = async (plan: CapacityPlan, program: Program): Promise<Level> => {
  const { sessions, apps, everySeconds, seconds } = plan;
  const stage = await Stage.open(program, plan);
  try {
    await stage.fill(sessions);
    await stage.startApps({ count: apps, perSecond: 1 / everySeconds });
    await rest(plan.calmMs);
    await stage.serverFigures({ collected: true });
    await stage.talk(sessions / everySeconds);
    // Code is compiled before anything is measured.
    await rest(plan.warmUpSeconds * SECOND_MS);
    await stage.crowdFigures();
    await stage.appsFigures();
    const before = await stage.serverFigures({ collected: false });
    await rest(seconds * SECOND_MS);
    const { cpuMs, rssBytes } = await stage.serverFigures({ collected: false });
    await stage.talk(0);
    await stage.settle();
    const [{ echoes }, heard] = [await stage.crowdFigures(), await stage.appsFigures()];
    const echoP99Ms = Math.max(echoes.p99Ms, heard?.echoes.p99Ms ?? 0);
    const rssMib = rssBytes / MIB;
    const [problem] = stage.problems;
    const limit = problem ?? (rssMib > RSS_MAX_MIB ? `more than ${RSS_MAX_MIB} MiB` : echoP99Ms > budgets.echoP99Ms ? tooSlow : null);
    return { sessions, rssMib, echoP99Ms, corePercent: ((cpuMs - before.cpuMs) / (seconds * SECOND_MS)) * 100, limit };
  } finally {
    await stage.close();
  }
};

/**
 * From `first` sessions on to `most` at most. `attempt` looks at so many, `say` is told each level once it is known. What was too slow once is tried again: a
 * machine has its moments, and what it bears at all is asked for.
 */
export const searchLimit = async (
  { first, most }: { readonly first: number; readonly most: number },
  attempt: (sessions: number) => Promise<Level>,
  say: (level: Level) => void,
): Promise<readonly Level[]> => {
  const levels: Level[] = [];
  const level = async (sessions: number): Promise<Level> => {
    const once = await attempt(sessions);
    const tried = once.limit === tooSlow ? await attempt(sessions) : once;
    // A process has no more open files: there is nothing above it to look at.
    const found = tried.limit === null && sessions === most ? { ...tried, limit: openFiles } : tried;
    levels.push(found);
    say(found);
    return found;
  };
  let borne = 0;
  let sessions = Math.min(first, most);
  let last = await level(sessions);
  while (last.limit === null) {
    borne = sessions;
    sessions = Math.min(sessions * 2, most);
    last = await level(sessions);
  }
  if (last.limit === openFiles) return levels;
  for (let step = 0; step < BETWEEN; step += 1) {
    const middle = Math.round((borne + sessions) / 2);
    if ((await level(middle)).limit === null) borne = middle;
    else sessions = middle;
  }
  return levels;
};

/** How many of these were borne at most. */
export const borneOf = (levels: readonly Level[]): number =>
  Math.max(0, ...levels.filter(({ limit }) => limit === null || limit === openFiles).map(({ sessions }) => sessions));

/** How far one server process goes, from the plan's sessions on. */
export const findLimit = (plan: CapacityPlan, program: Program, say: (level: Level) => void): Promise<readonly Level[]> => {
  const files = sessionsMax();
  const most = files === null ? Number.MAX_SAFE_INTEGER : files - plan.apps;
  return searchLimit({ first: plan.sessions, most }, (sessions) => tryLevel({ ...plan, sessions }, program), say);
};
