import type { Client } from '../client/api.js';
import type { CrashPoint, TestWorld } from './api.js';
import { brokenPromises, type Guarantees } from './ledger.js';
import { type Chance, chanceOf, type LifeFault, type Step } from './lives-plan.js';

/** How long a server that was killed is away, at most, in milliseconds: less than any resume window. */
const awayMsMax = 5_000;
const crashPoints: readonly CrashPoint[] = ['handler', 'beforeCommit', 'afterCommit'];

/** What a life is made of. */
export interface LifeParts<P> {
  readonly world: TestWorld;
  readonly pages: number;
  readonly open: (
    client: Client,
    about: { readonly number: number; readonly username: string; readonly world: TestWorld },
  ) => P | Promise<P>;
  readonly actions: Readonly<Record<string, (page: P, chance: Chance) => unknown>>;
  readonly settleMs: number;
  /** Do pages know of their session when they are loaded again? */
  readonly persists: boolean;
  readonly check: ((world: TestWorld, pages: readonly P[]) => unknown) | undefined;
}

interface OpenPage<P> {
  readonly client: Client;
  readonly page: P;
  isFrozen: boolean;
}

/** Live one life: its steps, then peace, then the checks. Rejects with what is wrong. Gives what was sent in it. */
export const live = async <P>(parts: LifeParts<P>, steps: readonly Step[]): Promise<Guarantees> => {
  const { world, open, actions, settleMs, check } = parts;
  const pages: OpenPage<P>[] = [];
  /** Is a server to die at a moment that has not come yet? */
  let isCrashDue = false;
  const restart = async (): Promise<void> => {
    isCrashDue = false;
    await world.restartServer();
  };
  const openPage = async (client: Client, number: number): Promise<OpenPage<P>> => {
    const opening = open(client, { number, username: `user${number + 1}`, world });
    return { client, page: await world.result(Promise.resolve(opening)), isFrozen: false };
  };
  const reload = async (number: number, { client }: OpenPage<P>): Promise<void> => {
    pages[number] = await openPage(await world.reload(client), number);
  };
  for (let number = 0; number < parts.pages; number += 1) pages.push(await openPage(world.client(), number));

  for (const { waitMs, kind, name, page: number, seed } of steps) {
    await world.advance(waitMs);
    if (!world.isServerAlive) await restart();
    const at = pages[number];
    if (at === undefined) throw new RangeError(`There is no page ${number}.`);
    if (kind === 'heal') heal(world, pages);
    else if (kind === 'fault') {
      await faults[name as LifeFault](world, at, chanceOf(seed), () => reload(number, at));
      isCrashDue ||= name === 'crash';
    }
    // Nobody does anything on a page that is frozen, or has no session.
    else if (!at.isFrozen && at.client.session !== null) actions[name]?.(at.page, chanceOf(seed));
  }

  heal(world, pages);
  // What is still to come comes now: then there is peace.
  if (isCrashDue && world.isServerAlive) await world.killServer();
  if (!world.isServerAlive) await restart();
  // A page that was loaded again in vain is loaded once more, as its user does: its tab has what it had not sent.
  for (const [number, at] of pages.entries()) if (parts.persists && at.client.session === null) await reload(number, at);
  await world.advance(settleMs);
  const found = world.guarantees();
  const broken = brokenPromises(found);
  if (broken !== null) throw new Error(broken);
  await check?.(
    world,
    pages.map(({ page }) => page),
  );
  return found;
};

const heal = (world: TestWorld, pages: readonly OpenPage<unknown>[]): void => {
  world.network.heal();
  world.store.heal();
  for (const page of pages) {
    if (page.isFrozen) world.thaw(page.client);
    page.isFrozen = false;
    world.show(page.client);
  }
};

type DoFault = (world: TestWorld, at: OpenPage<unknown>, chance: Chance, reload: () => Promise<void>) => unknown;

/** Each fault, done to a page or to the server. */
const faults: Readonly<Record<LifeFault, DoFault>> = {
  cut: (world, { client }) => world.networkOf(client).cut(),
  'half cut': (world, { client }, { oneOf }) => world.networkOf(client).cut(oneOf(['client', 'server', 'nobody'])),
  stall: (world, { client }, { oneOf }) => world.networkOf(client).stall(oneOf(['up', 'down', 'both'])),
  slow: (world, { client }, { upTo }) => world.networkOf(client).slow({ latencyMs: upTo(400), jitterMs: upTo(200) }),
  offline: (world, { client }) => world.networkOf(client).offline(),
  freeze: (world, at) => {
    at.isFrozen = true;
    world.freeze(at.client);
  },
  hide: (world, { client }) => world.hide(client),
  reload: (world, at, _, reload) => {
    if (at.isFrozen) world.thaw(at.client);
    return reload();
  },
  duplicate: (world, { client }) => world.networkOf(client).connections > 0 && world.networkOf(client).duplicate(),
  skew: (world, { client }, { random, upTo }) => world.skew(random() < 0.5 ? client : 'server', upTo(7_200_000) - 3_600_000),
  'store fails': (world) => world.store.fail(),
  'store slow': (world, _, { upTo }) => world.store.slow(upTo(300)),
  deploy: (world) => world.restartServer(),
  kill: async (world, _, { upTo }) => {
    await world.killServer();
    await world.advance(upTo(awayMsMax));
    await world.restartServer();
  },
  crash: (world, _, { oneOf }) => world.killServer({ at: oneOf(crashPoints) }),
};
