/** What a run comes to: each figure beside its budget. Pure. */
import { type Budget, budgetText, figureText, type Row } from './row.js';
import type { CapacityRun, Seen } from './run.js';

export interface Judged {
  readonly rows: readonly Row[];
  readonly problems: readonly string[];
  readonly ok: boolean;
}

const KIB = 1_024;
const MIB = 1_048_576;
const SECOND_MS = 1_000;
const THOUSAND = 1_000;

/** The budgets; docs/capacity.md says where each comes from. */
export const budgets = {
  startsPerSecond: 1_000,
  startP99Ms: 100,
  heapKibPerSession: 7,
  rssKibPerSession: 12,
  idlePercentPerThousand: 0.5,
  echoP99Ms: 50,
  newsMs: 1_000,
  /** The time that a message to everyone may hold up all else. */
  newsPauseMs: 50,
  /** What the heap may be after the comings and goings, and empty again, beside what it was before. */
  heapRatio: 1.1,
  /** A batch of a hundred each tenth of a second, and as much again for what the last ones take. */
  drainMsPerThousand: 2_000,
} as const;

/** What a run without times and memory leaves open is kept. */
const row = (part: string, what: string, figure: number | null, unit: string, budget: Budget | null, isJudged = true): Row => {
  const isKept = budget === null || !isJudged || (figure !== null && ('most' in budget ? figure <= budget.most : figure >= budget.least));
  return { part, what, figure: figure !== null && Number.isFinite(figure) ? figure : null, unit, budget, isKept };
};

const cpuPercent = ({ cpuMs, seconds }: Seen): number => (cpuMs / (seconds * SECOND_MS)) * 100;
const most = (figure: number): Budget => ({ most: figure });
const least = (figure: number): Budget => ({ least: figure });

/** `isMeasured`: on a machine that does nothing else; otherwise only what does not depend on time and on the collector is judged. */
export const judgeRun = (run: CapacityRun, { isMeasured }: { readonly isMeasured: boolean }): Judged => {
  const { plan, held, fill, idle, talk, churn, fanOut, drain } = run;
  const all = plan.sessions + plan.apps;
  const perSession = (of: 'heapBytes' | 'rssBytes'): number => (held.idle[of] - held.start[of]) / all / KIB;
  const echo = (part: string, { crowd, apps }: Seen): readonly Row[] => [
    row(part, 'messages a second, each way', crowd.said / plan.seconds, '/s', null),
    row(part, 'echo p50, light clients', crowd.echoes.p50Ms, 'ms', null),
    row(part, 'echo p99, light clients', crowd.echoes.p99Ms, 'ms', most(budgets.echoP99Ms), isMeasured),
    row(part, 'echo max, light clients', crowd.echoes.maxMs, 'ms', null),
    ...(apps === null || plan.apps === 0
      ? []
      : [row(part, "echo p99, the library's clients", apps.echoes.p99Ms, 'ms', most(budgets.echoP99Ms), isMeasured)]),
  ];
  const isKeptInStore = plan.store === 'sqlite';
  const rows: readonly Row[] = [
    row('fill', 'starts a second', plan.sessions / fill.seconds, '/s', least(budgets.startsPerSecond), isMeasured),
    row('fill', 'start p99', fill.crowd.starts.p99Ms, 'ms', most(budgets.startP99Ms), isMeasured),
    row('fill', 'server, processor time a start', (fill.cpuMs / plan.sessions) * THOUSAND, 'us', null),
    row('fill', 'sessions', held.idle.sessions, '', least(all)),
    row('idle', 'heap a session', perSession('heapBytes'), 'KiB', most(budgets.heapKibPerSession), isMeasured),
    row('idle', 'RSS a session', perSession('rssBytes'), 'KiB', most(budgets.rssKibPerSession), isMeasured),
    row('idle', 'RSS in all', held.idle.rssBytes / MIB, 'MiB', null),
    row(
      'idle',
      'of a core, per 1,000 sessions',
      (cpuPercent(idle) / all) * THOUSAND,
      '%',
      most(budgets.idlePercentPerThousand),
      isMeasured,
    ),
    ...echo('talk', talk),
    row('talk', 'of a core', cpuPercent(talk), '%', null),
    ...echo('churn', churn),
    row('churn', 'ended and started anew', churn.crowd.ended, '', least(1)),
    row('churn', 'cut and resumed', churn.crowd.resumed, '', least(1)),
    row('churn', 'cut and never came back', churn.crowd.abandoned, '', least(1)),
    row('churn', 'start and resume p99', churn.crowd.starts.p99Ms, 'ms', null),
    row('churn', 'turned away', fill.crowd.turnedAway + churn.crowd.turnedAway, '', most(0)),
    row('churn', 'heap behind it, beside before', held.churned.heapBytes / held.idle.heapBytes, 'x', most(budgets.heapRatio), isMeasured),
    row('fan-out', 'had by all, slowest', Math.max(...fanOut.tookMs), 'ms', most(budgets.newsMs), isMeasured),
    row('fan-out', "longest pause of the server's", fanOut.server.loopMaxMs, 'ms', most(budgets.newsPauseMs), isMeasured),
    row('fan-out', 'server, processor time a session', (fanOut.cpuMs / plan.news / all) * THOUSAND, 'us', null),
    row('drain', 'took', drain.tookMs, 'ms', most((budgets.drainMsPerThousand * all) / THOUSAND), isMeasured),
    row('drain', 'told goodbye', drain.crowd.drained, '', least(plan.sessions)),
    isKeptInStore
      ? row('end', 'sessions left for the next process', held.end.sessions, '', least(all))
      : row('end', 'sessions left', held.end.sessions, '', most(0)),
    row('end', 'sockets and timers left, beside before', held.end.handles - held.start.handles, '', most(0)),
    row(
      'end',
      'heap, beside before',
      held.end.heapBytes / held.start.heapBytes,
      'x',
      most(budgets.heapRatio),
      isMeasured && !isKeptInStore,
    ),
    row('all', 'lost, doubled or out of order', held.end.wrong + run.problems.length, '', most(0)),
    row('all', "links of the library's clients lost", fanOut.apps?.lost ?? 0, '', most(0)),
  ];
  const problems = [
    ...run.problems,
    ...(held.end.wrong > 0 ? [`${held.end.wrong} messages came to the server out of order, or could not be answered`] : []),
    ...rows.filter(({ isKept }) => !isKept).map((row) => `${row.part}: ${row.what}: ${figureText(row)}, ${budgetText(row)} is demanded`),
  ];
  return { rows, problems, ok: problems.length === 0 };
};
