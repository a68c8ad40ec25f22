/** A short cut of `npm run capacity`: a few hundred sessions. What is lost or left is judged; times are not. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Judged, judgeRun } from './judge.js';
import type { Program } from './orders.js';
import { smallPlan } from './plan.js';
import { capacityTables, runText } from './report.js';
import { budgetText, figureText, type Row } from './row.js';
import { type CapacityRun, runCapacity } from './run.js';

/** The sources as they stand. */
const sources: Program = {
  file: (name) => new URL(`./${name}-child.ts`, import.meta.url),
  execArgv: ['--import', 'tsx'],
  server: new URL('../../src/server/index.ts', import.meta.url).href,
  client: new URL('../../src/client/index.node.ts', import.meta.url).href,
};

const MIB = 1_048_576;
/** What 500 sessions that came and went would leave at 6 KiB each; what V8 compiles meanwhile is less. */
const LEFT_MAX_BYTES = 3 * MIB;

const capacity = suite('a server with many sessions that come and go');
let run: CapacityRun;
let judged: Judged;

capacity.before(async () => {
  run = await runCapacity(smallPlan, sources, () => undefined);
  judged = judgeRun(run, { isMeasured: false });
});

capacity('loses nothing, doubles nothing and turns nobody away', () => {
  assert.equal(judged.problems, []);
  const { talk, churn } = run;
  assert.ok(talk.crowd.echoes.count > 0 && churn.crowd.echoes.count > 0);
  assert.ok(churn.crowd.said > 0 && (churn.apps?.said ?? 0) > 0);
});

capacity('has as many sessions as there are clients, whatever came and went, and none once it is drained', () => {
  const all = smallPlan.sessions + smallPlan.apps;
  const { idle, churned, end } = run.held;
  assert.equal([idle.sessions, churned.sessions, end.sessions], [all, all, 0]);
  assert.ok(end.begun > all + smallPlan.warmUp, `${end.begun} sessions began`);
});

capacity('keeps nothing of those that are gone', () => {
  const { idle, churned, end } = run.held;
  assert.ok(churned.heapBytes < idle.heapBytes + LEFT_MAX_BYTES, `${idle.heapBytes} before, ${churned.heapBytes} behind it`);
  assert.ok(end.heapBytes < idle.heapBytes, `${idle.heapBytes} while they were there, ${end.heapBytes} once they were gone`);
});

capacity('is judged by each of its budgets', () => {
  const { rows, ok, problems } = judgeRun(
    { ...run, held: { ...run.held, end: { ...run.held.end, sessions: 1, wrong: 2 } }, problems: ['an echo is missing'] },
    { isMeasured: false },
  );
  assert.not(ok);
  assert.equal(
    rows.filter(({ isKept }) => !isKept).map(({ what }) => what),
    ['sessions left', 'lost, doubled or out of order'],
  );
  assert.is(problems[0], 'an echo is missing');
  const slow = { ...run.talk, crowd: { ...run.talk.crowd, echoes: { ...run.talk.crowd.echoes, p99Ms: 51 } } };
  assert.ok(judgeRun({ ...run, talk: slow }, { isMeasured: true }).problems.some((problem) => problem.includes('echo p99')));
  assert.ok(judgeRun({ ...run, talk: slow }, { isMeasured: false }).ok);
});

capacity('is told as a table, with a mark where a budget is not kept', () => {
  const text = runText({ ...judged, rows: judged.rows.map((row, index) => ({ ...row, isKept: index > 0 })), ok: false, problems: ['one'] });
  assert.match(text, /starts a second +│ +[\d,.]+ \/s ! │ +>= 1,000 \/s/);
  assert.match(text, /! one\nFAILED$/);
  const machine = { processor: 'A', cores: 2, memoryGiB: 4, node: 'v20.0.0', load: 0 };
  const level = { sessions: 20_000, rssMib: 300, echoP99Ms: 12, corePercent: 40, limit: null };
  const page = capacityTables({ runs: [{ machine, plan: smallPlan, rows: judged.rows, ok: true }], found: { machine, levels: [level] } });
  assert.match(page, '### 205 sessions, in memory');
  assert.match(page, '| 20,000 | 300 MiB | 12 ms | 40 % |  |');
});

capacity.run();

const figures = suite('a figure beside its budget');
const row: Row = { part: '', what: '', figure: 1_234.5, unit: 'ms', budget: { most: 50 }, isKept: false };

figures('has as many digits as tell something', () => {
  assert.is(figureText(row), '1,235 ms');
  assert.is(figureText({ ...row, figure: 12.345 }), '12.3 ms');
  assert.is(figureText({ ...row, figure: 1.2345, unit: '' }), '1.23');
  assert.is(figureText({ ...row, figure: null }), '');
});

figures('says which way it is demanded', () => {
  assert.is(budgetText(row), '<= 50 ms');
  assert.is(budgetText({ ...row, budget: { least: 1_000 } }), '>= 1,000 ms');
  assert.is(budgetText({ ...row, budget: null }), '');
});

figures.run();
