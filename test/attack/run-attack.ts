/** One attack on one server, with a bystander beside it, and what is to be said of it. */

import { type Bystander, type BystanderReport, startBystander } from './bystander.js';
import { type AttackedServer, type Attacker, startAttackedServer } from './child.js';
import type { Attack, AttackedOptions, Scale, Tally } from './kit.js';
import { pause } from './kit.js';
import type { ServerFigures, ServerSettings } from './server-child.js';

/** By how much the heap may be larger behind an attack than before it, both behind a collection. */
export const HEAP_RATIO_MAX = 1.1;
/** The bystander's p99 during an attack, in milliseconds. */
export const P99_MAX_MS = 100;
/** How long the server may take to be as it was, in milliseconds: longer than each of its limits in `settingsFor`. */
const CALM_MAX_MS = 30_000;
const CALM_EVERY_MS = 250;
/** How long it is watched before the attack, in milliseconds: code is compiled, and what is kept is kept. */
const WARM_MS = 1_500;

/** Every default, but what is waited for in the end: a lost session is kept for two seconds. */
export const settingsFor = (scale: Scale): ServerSettings =>
  scale === 'full'
    ? { options: { resumeWindowMs: 2_000 }, formerSessions: 10_000 }
    : {
        options: { resumeWindowMs: 500, helloTimeoutMs: 500, confirmWithinMs: 500, pingEveryMs: 500, limits: { pendingConnections: 100 } },
        formerSessions: 0,
      };

export interface AttackResult {
  readonly name: string;
  readonly what: string;
  readonly limit: string;
  readonly tally: Tally;
  readonly heapBeforeBytes: number;
  readonly heapAfterBytes: number;
  readonly peakBytes: number;
  readonly handled: number;
  /** Lines that the server's log had for it. */
  readonly logLines: number;
  readonly bystander: BystanderReport;
  readonly tookMs: number;
  readonly problems: readonly string[];
  readonly ok: boolean;
}

export interface Scene {
  readonly server: AttackedServer;
  readonly bystander: Bystander;
  close(): Promise<void>;
}

/** A server with a session beside the attack; with the options of one attack, where it has its own. */
export const openScene = async (scale: Scale, own: AttackedOptions = {}): Promise<Scene> => {
  const { options, formerSessions } = settingsFor(scale);
  const limits = { ...options?.limits, ...own.limits };
  const server = await startAttackedServer({ options: { ...options, ...own, limits }, formerSessions });
  try {
    const bystander = await startBystander(server.url, own.apiKeys?.[0]);
    await pause(scale === 'full' ? WARM_MS : 0);
    return {
      server,
      bystander,
      close: async () => {
        await bystander.leave();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
};

/** The server's figures once its sessions are the bystander's alone and its heap is what it was, or when it had its time for that. */
const calm = async (server: AttackedServer, before: ServerFigures, measured: boolean): Promise<ServerFigures> => {
  const until = performance.now() + CALM_MAX_MS;
  let figures = await server.figures();
  let peakBytes = figures.peakBytes;
  const isCalm = ({ sessions, heapBytes }: ServerFigures): boolean =>
    sessions <= before.sessions && (!measured || heapBytes <= before.heapBytes * HEAP_RATIO_MAX);
  while (!isCalm(figures) && performance.now() < until) {
    await pause(CALM_EVERY_MS);
    figures = await server.figures();
    peakBytes = Math.max(peakBytes, figures.peakBytes);
  }
  return { ...figures, peakBytes };
};

export interface RunOptions {
  readonly scale: Scale;
  /** Judge times and memory: not on a machine that does other work. */
  readonly measured: boolean;
}

/** The attack is made once, small, before anything is measured: code that is run for the first time stays in memory, and is no leak. */
const rehearse = async ({ name }: Attack, attacker: Attacker, server: AttackedServer): Promise<void> => {
  const { sessions } = await server.figures();
  // What is wrong with it the attack itself will say.
  await attacker.run({ name, port: server.port, scale: 'small' }).catch(() => undefined);
  const until = performance.now() + CALM_MAX_MS;
  while ((await server.figures()).sessions > sessions && performance.now() < until) await pause(CALM_EVERY_MS);
};

export const runAttack = async (
  attack: Attack,
  attacker: Attacker,
  { server, bystander }: Scene,
  { scale, measured }: RunOptions,
): Promise<AttackResult> => {
  const { name, what, limit } = attack;
  const problems: string[] = [];
  if (measured) await rehearse(attack, attacker, server);
  const before = await server.figures();
  await bystander.report();
  const begunAt = performance.now();
  let tally: Tally = {};
  try {
    tally = await attacker.run({ name, port: server.port, scale });
    problems.push(...attack.judge(tally, scale));
  } catch (error) {
    problems.push((error as Error).message);
  }
  const tookMs = performance.now() - begunAt;
  const seen = await bystander.report();
  if (!server.isAlive) problems.push("the server's process is gone");
  const after = server.isAlive ? await calm(server, before, measured) : before;
  const { lost, doubled, reordered, noticed, p99Ms } = seen;
  if (lost + doubled + reordered > 0)
    problems.push(`of the bystander's messages ${lost} were lost, ${doubled} doubled, ${reordered} reordered`);
  if (noticed.length > 0) problems.push(`the bystander noticed: ${noticed.join(', ')}`);
  if (after.sessions > before.sessions) problems.push(`${after.sessions - before.sessions} sessions are left`);
  if (after.polluted) problems.push('Object.prototype was changed');
  if (measured) {
    const ratio = after.heapBytes / before.heapBytes;
    if (!(ratio <= HEAP_RATIO_MAX)) problems.push(`the heap grew by ${((ratio - 1) * 100).toFixed(1)} %`);
    if (!(p99Ms < P99_MAX_MS)) problems.push(`the bystander's p99 was ${p99Ms.toFixed(1)} ms`);
  }
  return {
    name,
    what,
    limit,
    tally,
    heapBeforeBytes: before.heapBytes,
    heapAfterBytes: after.heapBytes,
    peakBytes: after.peakBytes,
    handled: after.handled - before.handled,
    logLines: after.logLines - before.logLines,
    bystander: seen,
    tookMs,
    problems,
    ok: problems.length === 0,
  };
};
