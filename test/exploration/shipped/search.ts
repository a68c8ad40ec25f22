/** Depth first through all worlds of the shipped code: its objects can not be copied, so that each branch is come to by doing again what led to it. */
import { Met, Violation } from '../rules.js';
import type { ShippedConfiguration } from './configuration.js';
import { Pictures } from './picture.js';
import { type ShippedFound, toldOf } from './trace.js';
import { ShippedWorld } from './world.js';

export interface ShippedExplored {
  readonly configuration: string;
  /** Different worlds. */
  readonly worlds: number;
  readonly transitions: number;
  /** How many steps the furthest one is away. */
  readonly depth: number;
  /** All there are, within the configuration. */
  readonly isComplete: boolean;
  readonly seconds: number;
  /** How often what led to a world was done again. */
  readonly replays: number;
  /** How often a world that was known was compared with its first visit, step by step from there on. */
  readonly comparisons: number;
  readonly met: Readonly<Record<string, number>>;
  readonly found: ShippedFound | null;
}

export interface ShippedBounds {
  /** Beyond this many worlds, what is left is only followed to its rest. */
  readonly worldsMax?: number;
  /** Of the worlds that are met again, one in so many is compared. */
  readonly compareEvery?: number;
  readonly progress?: (at: { readonly worlds: number; readonly depth: number; readonly transitions: number }) => void;
}

/** How far two visits of a world are followed beside each other, in steps. */
const comparedSteps = 4;
/** How often progress is told, in transitions. */
const progressEvery = 2_000;

/** Where a world goes without faults: at rest, or not looked at yet. */
const atRest = -1;
const unknown = -2;

/** A world on the way, and what is left to be tried in it. */
interface Place {
  readonly index: number;
  readonly depth: number;
  readonly label: string;
  readonly todo: string[];
  /** What is sure to happen, first. */
  readonly sure: string | null;
}

class Search {
  readonly #configuration: ShippedConfiguration;
  readonly #bounds: ShippedBounds;
  readonly #pictures = new Pictures();
  readonly met = new Met();
  readonly #seen = new Map<string, number>();
  readonly #parents: number[] = [];
  readonly #labels: string[] = [];
  readonly #rests: number[] = [];
  readonly #way: Place[] = [];
  #isComplete = true;
  transitions = 0;
  depth = 0;
  replays = 0;
  comparisons = 0;
  /** The labels that are being followed, for whoever reads what broke. */
  taken: readonly string[] = [];

  constructor(configuration: ShippedConfiguration, bounds: ShippedBounds) {
    this.#configuration = configuration;
    this.#bounds = bounds;
  }

  get worlds(): number {
    return this.#seen.size;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  async run(): Promise<void> {
    let world: ShippedWorld | null = await this.#replay([]);
    await this.#enter(world, -1, '');
    for (let place = this.#way.at(-1); place !== undefined; place = this.#way.at(-1)) {
      const label = place.todo.shift();
      if (label === undefined) {
        this.#way.pop();
        world = null;
        continue;
      }
      world ??= await this.#replay(this.#way.slice(1).map((one) => one.label));
      world = (await this.#step(world, place, label)) ? world : null;
      if (this.transitions % progressEvery === 0)
        this.#bounds.progress?.({ worlds: this.worlds, depth: this.depth, transitions: this.transitions });
    }
    this.#assertEachRests();
  }

  /** True where it led to a world that was not known. */
  async #step(world: ShippedWorld, place: Place, label: string): Promise<boolean> {
    this.taken = [...this.#way.slice(1).map((one) => one.label), label];
    this.transitions += 1;
    await world.take(label);
    if (this.#isFull) this.#isComplete = false;
    else this.#addDeaths(world, place, label);
    const isNew = await this.#enter(world, place.index, label);
    if (!isNew && this.transitions % (this.#bounds.compareEvery ?? Infinity) === 0) await this.#compare(world);
    return isNew;
  }

  get #isFull(): boolean {
    return this.worlds >= (this.#bounds.worldsMax ?? Infinity);
  }

  /** A process may die between any two things that it does in this step. */
  #addDeaths({ effects, configuration: { faults }, left }: ShippedWorld, { todo }: Place, label: string): void {
    if (label.includes(', and ') || label.endsWith(' dies') || label.endsWith('reloads')) return;
    const first = label.startsWith('store: ') ? 0 : 1;
    if (faults.serverDeaths > 0 && left.serverDeaths > 0)
      for (let count = first; count < effects.server; count += 1) todo.push(`${label}, and the server dies after ${count}`);
    if (faults.reloads > 0 && left.reloads > 0)
      for (let count = 1; count < effects.client; count += 1) todo.push(`${label}, and the page goes after ${count}`);
  }

  async #enter(world: ShippedWorld, from: number, label: string): Promise<boolean> {
    const hash = await this.#pictures.hashOf(world);
    const known = this.#seen.get(hash);
    const index = known ?? this.#seen.size;
    const parent = this.#way.at(-1);
    if (parent?.sure === label && parent.index === from) this.#rests[from] = index;
    if (known !== undefined) return false;
    this.#seen.set(hash, index);
    this.#parents.push(from);
    this.#labels.push(label);
    const choices = world.choices();
    const sure = choices[0]?.isSure === true ? choices[0].label : null;
    this.#rests.push(sure === null ? atRest : unknown);
    if (sure === null) world.assertAtRest();
    const depth = (parent?.depth ?? -1) + 1;
    this.depth = Math.max(this.depth, depth);
    const all = this.#isFull ? choices.slice(0, sure === null ? 0 : 1) : choices;
    if (all.length < choices.length) this.#isComplete = false;
    this.#way.push({ index, depth, label, todo: all.map((one) => one.label), sure });
    return true;
  }

  async #replay(labels: readonly string[], met = this.met): Promise<ShippedWorld> {
    this.replays += 1;
    const world = new ShippedWorld(this.#configuration, met);
    await world.begin();
    for (const label of labels) await world.take(label);
    return world;
  }

  #pathTo(index: number): readonly string[] {
    const labels: string[] = [];
    for (let at = index; at > 0; at = this.#parents[at] ?? 0) labels.unshift(this.#labels[at] ?? '');
    return labels;
  }

  /** A world that looks known goes on as it did at its first visit: what a picture leaves out changes nothing. */
  async #compare(world: ShippedWorld): Promise<void> {
    const index = this.#seen.get(await this.#pictures.hashOf(world));
    if (index === undefined) return;
    const labels = this.#pathTo(index);
    const first = await this.#replay(labels, new Met());
    const taken: string[] = [];
    for (let step = 0; step <= comparedSteps; step += 1) {
      const [one, other] = [await this.#pictures.of(first), await this.#pictures.of(world)];
      const [ones, others] = [first, world].map((each) => each.choices().map(({ label }) => label));
      const effects = JSON.stringify(first.effects) === JSON.stringify(world.effects) || step === 0;
      if (one !== other || ones?.join() !== others?.join() || !effects)
        throw new Violation(
          'what looks the same goes on the same',
          `[${labels.join(' | ')}] and then [${taken.join(' | ')}]: ${differenceOf(one, other)}; ${ones?.join()} or ${others?.join()}`,
        );
      const label = ones?.[(this.transitions + step) % Math.max(ones.length, 1)];
      if (label === undefined) break;
      taken.push(label);
      await first.take(label);
      await world.take(label);
    }
    this.comparisons += 1;
  }

  /** Every run without faults ends: none leads back to itself. */
  #assertEachRests(): void {
    const marks = new Uint8Array(this.worlds);
    for (let from = 0; from < this.worlds; from += 1) {
      const way: number[] = [];
      let index = from;
      for (; index >= 0 && marks[index] === 0; index = this.#rests[index] ?? unknown) {
        marks[index] = 1;
        way.push(index);
      }
      if (index === unknown || (index >= 0 && marks[index] === 1)) {
        this.taken = this.#pathTo(Math.max(index, 0));
        throw new Violation('all comes to rest', 'a run without faults leads back to where it was');
      }
      for (const one of way) marks[one] = 2;
    }
  }
}

/** How much of two pictures is shown where they differ, in characters. */
const shownMax = 160;

const differenceOf = (one: string, other: string): string => {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(at - shownMax / 2, 0);
  return one === other ? 'the same picture' : `...${one.slice(from, from + shownMax)} or ...${other.slice(from, from + shownMax)}`;
};

/** All worlds of a configuration, up to the bounds; it stops at the first one where a rule is broken. */
export const exploreShipped = async (configuration: ShippedConfiguration, bounds: ShippedBounds = {}): Promise<ShippedExplored> => {
  const began = performance.now();
  const search = new Search(configuration, bounds);
  let found: ShippedFound | null = null;
  try {
    await search.run();
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
    found = await toldOf(configuration, thrown, search.taken);
  }
  const { worlds, transitions, depth, isComplete, replays, comparisons, met } = search;
  return {
    configuration: configuration.name,
    worlds,
    transitions,
    depth,
    isComplete: found === null && isComplete,
    seconds: (performance.now() - began) / 1_000,
    replays,
    comparisons,
    met: Object.fromEntries([...met.counts].sort()),
    found,
  };
};
