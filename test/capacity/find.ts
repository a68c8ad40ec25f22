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

/** A fresh server with so many sessions, which talk for a while. */
const tryLevel = async (plan: CapacityPlan, program: Program): Promise<Level> => {
  const { sessions, apps, everySeconds, seconds } = plan;
  const stage = await Stage.open(program, plan);
  try {
    await stage.fill(sessions);
    await stage.startApps({ count: apps, perSecond: 1 / everySeconds });
    await rest(plan.calmMs);
    await stage.serverFigures({ collected: true });
    await stage.crowdFigures();
    const before = await stage.serverFigures({ collected: false });
    await stage.talk(sessions / everySeconds);
    await rest(seconds * SECOND_MS);
    const { cpuMs, rssBytes } = await stage.serverFigures({ collected: false });
    await stage.talk(0);
    await stage.settle();
    const [{ echoes }, heard] = [await stage.crowdFigures(), await stage.appsFigures()];
    const echoP99Ms = Math.max(echoes.p99Ms, heard?.echoes.p99Ms ?? 0);
    const rssMib = rssBytes / MIB;
    const [problem] = stage.problems;
    const limit =
      problem ??
      (rssMib > RSS_MAX_MIB
        ? `more than ${RSS_MAX_MIB} MiB`
        : echoP99Ms > budgets.echoP99Ms
          ? `echo p99 above ${budgets.echoP99Ms} ms`
          : null);
    return { sessions, rssMib, echoP99Ms, corePercent: ((cpuMs - before.cpuMs) / (seconds * SECOND_MS)) * 100, limit };
  } finally {
    await stage.close();
  }
};

/** `say` is told each level once it is known. */
export const findLimit = async (plan: CapacityPlan, program: Program, say: (level: Level) => void): Promise<readonly Level[]> => {
  const levels: Level[] = [];
  const files = sessionsMax();
  const most = files === null ? Number.MAX_SAFE_INTEGER : files - plan.apps;
  const level = async (sessions: number): Promise<Level> => {
    const tried = await tryLevel({ ...plan, sessions }, program);
    // A process has no more open files: there is nothing above it to look at.
    const found = tried.limit === null && sessions === most ? { ...tried, limit: 'open files' } : tried;
    levels.push(found);
    say(found);
    return found;
  };
  let borne = 0;
  let sessions = Math.min(plan.sessions, most);
  let last = await level(sessions);
  while (last.limit === null) {
    borne = sessions;
    sessions = Math.min(sessions * 2, most);
    last = await level(sessions);
  }
  if (last.limit === 'open files') return levels;
  for (let step = 0; step < BETWEEN; step += 1) {
    const middle = Math.round((borne + sessions) / 2);
    if ((await level(middle)).limit === null) borne = middle;
    else sessions = middle;
  }
  return levels;
};
