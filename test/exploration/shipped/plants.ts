/** Mistakes in the shipped code that an exploration must find: faults of test/bite, with where and by which rule. */
import type { PlantedFault } from '../../bite/fault.js';
import { faults } from '../../bite/faults.js';

export interface ShippedPlant {
  /** The configuration that finds it. */
  readonly where: string;
  /** The rule that it breaks there. */
  readonly rule: string;
  /** Not among the first few hundred worlds: left to whoever plants it, as a test would take seconds. */
  readonly isLate?: boolean;
}

/** By the fault's name. */
export const shippedPlants: Readonly<Record<string, ShippedPlant>> = {
  'acknowledged-before-the-commit': { where: 'shipped: kept', rule: 'nothing leaves before its commit' },
  'any-token-resumes': { where: 'shipped: repeated hellos', rule: 'only the current token resumes' },
  'client-life-unchecked': { where: 'shipped: page reloads', rule: 'what is repeated is marked' },
  'incarnation-unchecked': { where: 'shipped: server dies', rule: 'what is repeated is marked' },
  'late-session-kept': { where: 'shipped: early timers', rule: 'all comes to rest', isLate: true },
  'number-used-again-after-a-reload': { where: 'shipped: page reloads', rule: 'nothing leaves before its commit' },
  'old-token-good-after-sign-in': { where: 'shipped: sign-in', rule: 'a session ends as its apps wish' },
  'predecessor-still-heard': { where: 'shipped: a cut', rule: 'all comes to rest' },
  'received-used-as-done': { where: 'shipped: a cut', rule: 'confirmed only when handled' },
  'redelivery-unmarked': { where: 'shipped: server dies', rule: 'what is repeated is marked' },
  'shipped-before-it-is-kept': { where: 'shipped: page reloads', rule: 'nothing leaves before its commit' },
  'verdict-on-a-lost-link-kept': { where: 'shipped: early timers', rule: 'all comes to rest', isLate: true },
  'welcome-lost-session-forgotten': { where: 'shipped: a cut', rule: 'what is kept is there', isLate: true },
};

/** @throws RangeError where there is none of that name. */
export const faultOf = (name: string): PlantedFault => {
  const found = faults.find((fault) => fault.name === name);
  if (found === undefined) throw new RangeError(`There is no fault called ${JSON.stringify(name)} in test/bite.`);
  return found;
};
