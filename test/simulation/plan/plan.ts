/** The plan of a life: drawn from its seed, plain data, and all that a run of it is made from. Kinds of events are switched on or off for a whole life. */
import { chanceOf } from '../chance.js';
import { deedKinds, faultKinds, type Kind, weights } from './kinds.js';
import { type WorldPlan, worldPlanOf } from './options.js';

/** Something that is to happen. */
export interface PlannedEvent {
  readonly kind: Kind;
  /** Milliseconds since the life began. */
  readonly at: number;
  /** Which of the people, or of their houses, it is about. */
  readonly who: number;
  /** How long it lasts where it lasts, in milliseconds. */
  readonly forMs: number;
  /** What the rest of its arguments is drawn by. */
  readonly draw: number;
}

export interface Plan {
  readonly seed: number;
  readonly world: WorldPlan;
  readonly events: readonly PlannedEvent[];
  /** The people who never start anything, by their place: none, but where a plan was made smaller. */
  readonly idle: readonly number[];
}

/** How likely a life has a kind of event. */
const faultShare = 0.4;
const deedShare = 0.7;
/** Half of what happens is done by people, so that there is something for the faults to break. */
const deedPart = 0.42;
const eventsMin = 70;
const eventsMax = 220;
/** The largest draw there is. */
const drawMax = 0x7fffffff;

export const planOf = (seed: number): Plan => {
  const chance = chanceOf(seed, 'plan');
  const { likely, upTo, between, oneOf } = chance;
  const world = worldPlanOf(chanceOf(seed, 'world'));
  const isOn = (kind: Kind, share: number): boolean => kind === 'burst' || likely(share);
  const faults = faultKinds.filter((kind) => isOn(kind, faultShare));
  const deeds = deedKinds.filter((kind) => isOn(kind, deedShare));
  const count = between(eventsMin, eventsMax);
  const haste = oneOf([60, 300, 600]);
  let at = 0;
  const events = Array.from({ length: count }, (): PlannedEvent => {
    const kinds = faults.length > 0 && !likely(deedPart) ? faults : deeds;
    at += likely(0.02) ? upTo(20_000) : likely(0.25) ? 0 : upTo(haste);
    return {
      kind: drawn(kinds, chance.random()),
      at,
      who: upTo(world.people.length),
      forMs: oneOf([upTo(100), upTo(2_000), upTo(10_000), upTo(30_000)]),
      draw: upTo(drawMax),
    };
  });
  return { seed, world, events, idle: [] };
};

/** A part of a plan: the events of these places, without these people. */
export const partOf = (plan: Plan, keep: readonly number[], idle: readonly number[]): Plan => {
  const kept = new Set(keep);
  return { ...plan, events: plan.events.filter((_, index) => kept.has(index)), idle };
};

/** One of these by its weight. */
const drawn = (kinds: readonly Kind[], random: number): Kind => {
  let left = random * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of kinds) {
    left -= weights[kind];
    if (left <= 0) return kind;
  }
  return 'burst';
};
