import type { Client } from '../client/api.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { TestWorld, TestWorldOptions } from './api.js';
import { type LifeParts, live } from './life.js';
import { type Chance, type LifeFault, lifeFaults, planOf, type Step, shrunk } from './lives-plan.js';
import { demandWord } from './misuse.js';
import { testWorld } from './world.js';

/** What happens in many lives of an app. */
export interface LivesOptions<P, C extends Contract = AnyContract> {
  /** How many lives, with the seeds 1, 2 and so on; or these seeds, to see a failed one again. Default: 100. */
  readonly seeds?: number | readonly number[];
  /** What each world begins with; a function of the seed where something in it is to be fresh for each, as a store. */
  readonly world?: Omit<TestWorldOptions<C>, 'seed'> | ((seed: number) => Omit<TestWorldOptions<C>, 'seed'>);
  /** How many users there are, each with a page. Default: 2. */
  readonly pages?: number;
  /**
   * Open a user's page, on a network that is fine; and again each time that it is loaded again, on one that may not be. What it gives is what `actions` and
   * `check` are given.
   */
  readonly open: (
    client: Client<C>,
    about: { readonly number: number; readonly username: string; readonly world: TestWorld<C> },
  ) => P | Promise<P>;
  /** What a user can do on a page, by name. Not awaited; and not called where the page has no session. */
  readonly actions: Readonly<Record<string, (page: P, chance: Chance) => unknown>>;
  /** Which faults may happen. Default: all; `reload` only where the clients have `persist: 'tab'`. */
  readonly faults?: readonly LifeFault[];
  /** How much happens in a life. Default: 30 actions and faults. */
  readonly steps?: number;
  /** How long peace lasts at the end of a life before it is looked at, in milliseconds. Default: 180,000, which is longer than a resume window. */
  readonly settleMs?: number;
  /** What holds at the end of a life: it throws or rejects where something does not. That no message was lost, doubled or reordered is looked at in any case. */
  readonly check?: (world: TestWorld<C>, pages: readonly P[]) => unknown;
}

/** What happened in all lives. */
export interface LivesReport {
  readonly lives: number;
  readonly sent: number;
  readonly handled: number;
  /** How often each fault happened. */
  readonly faults: Readonly<Partial<Record<LifeFault, number>>>;
}

const seedsDefault = 100;
const pagesDefault = 2;
const stepsDefault = 30;
/** Longer than any wait for a retry, and than a resume window is by default. */
const settleMsDefault = 180_000;
/** How often steps are left out of a life that failed, to see whether it still does: a few seconds. */
const shrinkTriesMax = 100;
/** How much of the story a failure shows. */
const storyLines = 60;

/**
 * Live many random lives of an app: users do what they can, while connections break, pages freeze, stores fail and servers die, all drawn from a seed. Rejects
 * with an Error at the first life that breaks a guarantee or your `check`: it names the seed, the fewest steps that fail, and tells the story.
 *
 * @example
 * await lives({
 *   seeds: 200,
 *   world: { app: chatServer },
 *   open: async (kitty, { username }) => {
 *     const page = chatPage(kitty);
 *     await page.open({ username });
 *     return page;
 *   },
 *   actions: { say: (page, { upTo }) => page.say(`line ${upTo(1_000)}`) },
 * });
 */
export const lives = async <P, C extends Contract = AnyContract>(options: LivesOptions<P, C>): Promise<LivesReport> => {
  const { seeds = seedsDefault, pages = pagesDefault, steps = stepsDefault, settleMs = settleMsDefault } = options;
  const actions = Object.keys(options.actions);
  if (actions.length === 0) throw new TypeError('lives: nobody can do anything. Give `actions`, as { say: (page) => page.say("hi") }.');
  for (const fault of options.faults ?? []) demandWord('lives', 'a fault', fault, lifeFaults);
  const all = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, n) => n + 1) : seeds;
  const report = { lives: 0, sent: 0, handled: 0, faults: {} as Partial<Record<LifeFault, number>> };
  for (const seed of all) {
    const worldOptions = typeof options.world === 'function' ? options.world(seed) : (options.world ?? {});
    const mayReload = worldOptions.client?.persist === 'tab';
    const faults = options.faults ?? lifeFaults.filter((fault) => fault !== 'reload' || mayReload);
    const plan = planOf(seed, { steps, pages, actions, faults });
    const outcome = await liveOnce(options, seed, plan, pages, settleMs);
    if (outcome.error !== null) throw await failureOf(options, seed, plan, pages, settleMs, outcome);
    report.lives += 1;
    report.sent += outcome.sent;
    report.handled += outcome.handled;
    for (const { kind, name } of plan) if (kind === 'fault') report.faults[name as LifeFault] = (report.faults[name as LifeFault] ?? 0) + 1;
  }
  if (report.sent === 0 && all.length > 0)
    throw new Error(
      `lives: no message was sent in ${all.length} lives, which shows nothing. Do \`open\` and \`actions\` start sessions and send?`,
    );
  return report;
};

interface Outcome {
  readonly error: Error | null;
  readonly sent: number;
  readonly handled: number;
  readonly story: string;
}

const errorOf = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** One life in a world of its own. */
const liveOnce = async <P, C extends Contract>(
  options: LivesOptions<P, C>,
  seed: number,
  plan: readonly Step[],
  pages: number,
  settleMs: number,
): Promise<Outcome> => {
  const begun = typeof options.world === 'function' ? options.world(seed) : options.world;
  const world = testWorld<C>({ ...begun, seed });
  const { open, actions, check } = options;
  const persists = begun?.client?.persist === 'tab';
  // Payloads are JSON within: the contract is of the app's types alone.
  const parts = { world, pages, open, actions, settleMs, check, persists } as unknown as LifeParts<P>;
  const outcome = await live(parts, plan).then(
    ({ sent, handled }) => ({ error: null, sent, handled, story: '' }),
    (thrown: unknown) => ({ error: errorOf(thrown), sent: 0, handled: 0, story: world.story({ lines: storyLines }) }),
  );
  // One that went wrong may not come to an end either: that is not what it is about.
  await world.close().catch((error: unknown) => {
    if (outcome.error === null) throw error;
  });
  return outcome;
};

/** What a failed life says: the seed, what is wrong, the fewest steps, the story. */
const failureOf = async <P, C extends Contract>(
  options: LivesOptions<P, C>,
  seed: number,
  plan: readonly Step[],
  pages: number,
  settleMs: number,
  first: Outcome,
): Promise<Error> => {
  let last = first;
  const left = await shrunk(
    plan,
    async (steps) => {
      const outcome = await liveOnce(options, seed, steps, pages, settleMs);
      if (outcome.error !== null) last = outcome;
      return outcome.error !== null;
    },
    shrinkTriesMax,
  );
  const told = left.map(
    ({ waitMs, kind, name, page }, n) =>
      `  ${n + 1}. after ${waitMs} ms: ${kind === 'heal' ? 'heal' : `${name}${kind === 'action' ? ` by user${page + 1}` : ` (user${page + 1})`}`}`,
  );
  const message = [
    `Life ${seed} fails: ${last.error?.message}`,
    '',
    `With ${left.length} of its ${plan.length} steps:`,
    ...told,
    '',
    last.story,
    '',
    `To see it again: lives({ seeds: [${seed}], ... }).`,
  ].join('\n');
  return new Error(message, { cause: last.error });
};
