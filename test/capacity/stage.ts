/** The processes of a run: a server, crowds of light clients, and clients of the library. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppsFigures, AppsOrders, AppsSettings } from './apps-child.js';
import type { CrowdFigures, CrowdSettings } from './crowd.js';
import type { CrowdOrders } from './crowd-child.js';
import { type Orders, Part, type Program } from './orders.js';
import { ADMISSIONS_PER_SECOND, AT_ONCE, type CapacityPlan, PER_CROWD, SESSIONS_MAX } from './plan.js';
import type { ServerFigures, ServerOrders, ServerSettings } from './server-child.js';
import { worstOf } from './times.js';

/** How long an answer may take, in milliseconds: a hundred thousand sessions are begun or ended meanwhile. */
const ANSWER_MAX_MS = 300_000;
const CLOSE_MAX_MS = 10_000;

/** What all crowds have seen since they were asked last. */
export type CrowdsFigures = Omit<CrowdFigures, 'problems'>;

/** What of a plan its processes are told. */
export type StagePlan = Pick<CapacityPlan, 'store' | 'sessions' | 'resumeWindowMs' | 'awayMaxMs' | 'presenceGraceMs'>;

export class Stage {
  readonly server: Part<ServerOrders>;
  readonly #program: Program;
  readonly #port: number;
  readonly #awayMaxMs: number;
  readonly #folder: string;
  #crowds: Part<CrowdOrders>[] = [];
  #apps: Part<AppsOrders> | null = null;
  /** What went wrong, wherever it was seen. */
  readonly problems: string[] = [];

  private constructor(
    program: Program,
    server: Part<ServerOrders>,
    { port, awayMaxMs, folder }: { readonly port: number; readonly awayMaxMs: number; readonly folder: string },
  ) {
    this.#program = program;
    this.server = server;
    this.#port = port;
    this.#awayMaxMs = awayMaxMs;
    this.#folder = folder;
  }

  static async open(program: Program, plan: StagePlan): Promise<Stage> {
    const { store, sessions, resumeWindowMs, awayMaxMs, presenceGraceMs } = plan;
    const folder = await mkdtemp(join(tmpdir(), 'ninelives-capacity-'));
    const settings: ServerSettings = {
      module: program.server,
      file: store === 'sqlite' ? join(folder, 'store.db') : null,
      resumeWindowMs,
      presenceGraceMs,
      admissionsPerSecond: ADMISSIONS_PER_SECOND,
      sessionsMax: SESSIONS_MAX,
      knownUsers: sessions,
    };
    try {
      const { part, begun } = await Part.start<ServerOrders, { readonly port: number }>(program.file('server'), program.execArgv, settings);
      return new Stage(program, part, { port: begun.port, awayMaxMs, folder });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** So many light clients in all, in as many processes as it takes. */
  async fill(sessions: number): Promise<void> {
    const crowds = Math.ceil(sessions / PER_CROWD);
    while (this.#crowds.length < crowds) {
      const settings: CrowdSettings = { port: this.#port, first: this.#crowds.length * PER_CROWD, awayMaxMs: this.#awayMaxMs };
      this.#crowds.push((await Part.start<CrowdOrders, void>(this.#program.file('crowd'), this.#program.execArgv, settings)).part);
    }
    const atOnce = Math.ceil(AT_ONCE / crowds);
    await this.#each((crowd, index) => crowd.ask('fill', { to: Math.min(PER_CROWD, sessions - index * PER_CROWD), atOnce }, ANSWER_MAX_MS));
  }

  async startApps(settings: Omit<AppsSettings, 'module' | 'port'>): Promise<void> {
    const all = { ...settings, module: this.#program.client, port: this.#port };
    this.#apps = (await Part.start<AppsOrders, void>(this.#program.file('apps'), this.#program.execArgv, all)).part;
  }

  async empty(): Promise<void> {
    await this.#each((crowd) => crowd.ask('empty', { atOnce: AT_ONCE }, ANSWER_MAX_MS));
  }

  /** Messages a second, of all light clients together; those of the library say theirs besides. 0: nobody says anything. */
  async talk(perSecond: number): Promise<void> {
    const each = perSecond / this.#crowds.length;
    await this.#each((crowd) => crowd.ask('talk', { perSecond: each }, ANSWER_MAX_MS));
    await this.#apps?.ask('talk', { on: perSecond > 0 }, ANSWER_MAX_MS);
  }

  async churn(perSecond: number): Promise<void> {
    const each = perSecond / this.#crowds.length;
    await this.#each((crowd) => crowd.ask('churn', { perSecond: each }, ANSWER_MAX_MS));
  }

  /** Everything said has come back, and nobody is on the way. */
  async settle(): Promise<void> {
    await this.#each((crowd) => crowd.ask('settle', null, ANSWER_MAX_MS));
  }

  /** Everyone is told this; how long it took until all of them had it, in milliseconds. */
  async tellEveryone(n: number): Promise<number> {
    const all = this.#each((crowd) => crowd.ask('expectNews', { n }, ANSWER_MAX_MS));
    const at = performance.now();
    const { refused } = await this.server.ask('news', { n }, ANSWER_MAX_MS);
    if (refused > 0) this.problems.push(`news ${n} was refused for ${refused} sessions`);
    await all;
    return performance.now() - at;
  }

  drain(): Promise<{ readonly tookMs: number }> {
    return this.server.ask('drain', null, ANSWER_MAX_MS);
  }

  async watchLoop(isOn: boolean): Promise<void> {
    await this.server.ask('watchLoop', { isOn }, ANSWER_MAX_MS);
  }

  async serverFigures({ collected }: { readonly collected: boolean }): Promise<ServerFigures> {
    return this.server.ask('figures', { collected }, ANSWER_MAX_MS);
  }

  async crowdFigures(): Promise<CrowdsFigures> {
    const all = await this.#each((crowd) => crowd.ask('figures', null, ANSWER_MAX_MS));
    for (const { problems } of all) this.problems.push(...problems);
    const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
    return {
      said: sum(({ said }) => said),
      echoes: worstOf(all.map(({ echoes }) => echoes)),
      starts: worstOf(all.map(({ starts }) => starts)),
      turnedAway: sum(({ turnedAway }) => turnedAway),
      ended: sum(({ ended }) => ended),
      resumed: sum(({ resumed }) => resumed),
      abandoned: sum(({ abandoned }) => abandoned),
      open: sum(({ open }) => open),
      drained: sum(({ drained }) => drained),
    };
  }

  async appsFigures(): Promise<AppsFigures | null> {
    const figures = (await this.#apps?.ask('figures', null, ANSWER_MAX_MS)) ?? null;
    this.problems.push(...(figures?.problems ?? []));
    return figures;
  }

  /** The clients of the library, which would come back to the next server, are told that they are not to. */
  async endApps(): Promise<void> {
    await this.#apps?.ask('end', null, ANSWER_MAX_MS);
  }

  async close(): Promise<void> {
    const parts: readonly Part<Orders>[] = [...this.#crowds, ...(this.#apps === null ? [] : [this.#apps]), this.server];
    await Promise.all(parts.map((part) => part.close(CLOSE_MAX_MS)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #each<A>(what: (crowd: Part<CrowdOrders>, index: number) => Promise<A>): Promise<A[]> {
    return Promise.all(this.#crowds.map(what));
  }
}
