/** Breadth first through all worlds: what is found first is found by the shortest way. */
import type { Configuration } from './configuration.js';
import { Violation } from './rules.js';
import { atRest, type Numbers, Seen } from './seen.js';
import type { World } from './stepper.js';
import { Worlds } from './world.js';

/** How often progress is told, in worlds. */
const progressEvery = 20_000;

export interface Found {
  readonly rule: string;
  readonly detail: string;
  /** What happened, from the beginning. */
  readonly labels: readonly string[];
}

export interface Explored {
  readonly configuration: string;
  /** Different worlds. */
  readonly worlds: number;
  readonly transitions: number;
  /** How many steps the furthest one is away. */
  readonly depth: number;
  /** All there are, within the configuration. */
  readonly isComplete: boolean;
  readonly seconds: number;
  /** Different states of each part. */
  readonly parts: { readonly clients: number; readonly networks: number; readonly servers: number };
  /** How often what the rules are about was met, in different steps. */
  readonly met: Readonly<Record<string, number>>;
  readonly found: Found | null;
}

export interface Bounds {
  /** Beyond this many worlds, each that is left is only followed to its rest. */
  readonly worldsMax?: number;
  readonly progress?: (at: { readonly worlds: number; readonly depth: number; readonly transitions: number }) => void;
}

const numbersOf = ({ client, network, server, faults }: World): Numbers => [client.id, network.id, server.id, faults.id];

/** All worlds of a configuration, up to the bounds; it stops at the first one where a rule is broken. */
export const explore = (configuration: Configuration, { worldsMax = Infinity, progress }: Bounds = {}): Explored => {
  const began = performance.now();
  const worlds = new Worlds(configuration);
  const seen = new Seen();
  const counts = { transitions: 0, depth: 0, index: 0, inFull: 0 };
  let found: Found | null = null;
  seen.add(numbersOf(worlds.steps.initial()), -1);

  /** Its rules, and what comes next. `inFull`: all that can; otherwise what a fair run goes on with. */
  const lookAt = (at: number, inFull: boolean): void => {
    const world = worlds.at(seen.at(at));
    worlds.assertHolds(world);
    const nexts = worlds.next(world);
    if (nexts[0]?.isSure !== true) {
      worlds.assertAtRest(world);
      seen.leadTo(at, atRest);
      if (!inFull) return;
    }
    for (const next of inFull ? nexts : nexts.slice(0, 1)) {
      counts.transitions += 1;
      const to = seen.add(numbersOf(next.to), at);
      if (next === nexts[0] && next.isSure) seen.leadTo(at, to);
    }
  };

  try {
    for (let layerEnd = 1; counts.index < seen.size && counts.index < worldsMax; counts.index += 1) {
      if (counts.index === layerEnd) {
        counts.depth += 1;
        layerEnd = seen.size;
      }
      lookAt(counts.index, true);
      if (counts.index % progressEvery === 0) progress?.({ worlds: seen.size, depth: counts.depth, transitions: counts.transitions });
    }
    counts.inFull = counts.index;
    for (; counts.index < seen.size; counts.index += 1) lookAt(counts.index, false);
    assertEachRests(seen, (index) => {
      counts.index = index;
    });
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
    found = { rule: thrown.rule, detail: thrown.message, labels: labelsTo(worlds, seen, counts.index, thrown.during) };
  }
  return {
    configuration: configuration.name,
    worlds: seen.size,
    transitions: counts.transitions,
    depth: counts.depth,
    isComplete: found === null && counts.inFull === seen.size,
    seconds: (performance.now() - began) / 1_000,
    parts: { clients: worlds.steps.clients.size, networks: worlds.steps.networks.all.size, servers: worlds.steps.servers.size },
    met: Object.fromEntries([...worlds.steps.met.counts].sort()),
    found,
  };
};

const onWay = 1;
const over = 2;

/** Every fair run ends: none leads back to itself. */
const assertEachRests = (seen: Seen, at: (index: number) => void): void => {
  const marks = new Uint8Array(seen.size);
  for (let from = 0; from < seen.size; from += 1) {
    const way: number[] = [];
    let index = from;
    for (; index >= 0 && marks[index] === 0; index = seen.rest(index)) {
      marks[index] = onWay;
      way.push(index);
    }
    if (index >= 0 && marks[index] === onWay) {
      at(index);
      throw new Violation('all comes to rest', 'a run without faults leads back to where it was');
    }
    for (const one of way) marks[one] = over;
  }
};

/** What led to a world, and what happened there at last, where that broke a rule. */
const labelsTo = (worlds: Worlds, seen: Seen, index: number, during: string | null): readonly string[] => {
  const way: number[] = [];
  for (let at = index; at >= 0; at = seen.parent(at)) way.unshift(at);
  const labels = way.slice(1).map((to, place) => {
    const nexts = worlds.next(worlds.at(seen.at(way[place] as number)));
    return nexts.find((next) => seen.add(numbersOf(next.to), -1) === to)?.label ?? '';
  });
  return during === null ? labels : [...labels, during];
};
