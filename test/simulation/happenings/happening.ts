import { type Chance, chanceOf } from '../chance.js';
import type { Life } from '../life.js';
import type { PlannedEvent } from '../plan/plan.js';
import type { House } from '../world/house.js';
import type { Person } from '../world/person.js';

/** Does it, and gives what it did, in words; null: there was nothing that it could be done to. */
export type Happening = (life: Life, event: PlannedEvent) => string | null | Promise<string | null>;

/** What an event's arguments are drawn by. */
export const drawOf = ({ draw }: PlannedEvent): Chance => chanceOf(draw, 'event');

export const personOf = ({ people }: Life, { who }: PlannedEvent): Person => people[who % people.length] as Person;

export const houseOf = (life: Life, event: PlannedEvent): House => personOf(life, event).house;

/** A person whose page is there and goes on; null: it is not. */
export const awakeOf = (life: Life, event: PlannedEvent): Person | null => {
  const person = personOf(life, event);
  return person.page.isAlive && !person.page.isFrozen ? person : null;
};
