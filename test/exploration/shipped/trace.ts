/** What led to a broken rule: followed once more, made shorter, and told. */
import { Met, Violation } from '../rules.js';
import type { ShippedConfiguration } from './configuration.js';
import { ShippedWorld } from './world.js';

/** What was found, and what led to it. */
export interface ShippedFound {
  readonly rule: string;
  readonly detail: string;
  readonly labels: readonly string[];
  /** The same, step by step with what was said, for people. */
  readonly diagram: string;
}

/** Take these steps from the beginning; each is told once it was taken. @throws Violation where one breaks a rule, or where they come to rest and should not. */
export const follow = async (
  configuration: ShippedConfiguration,
  labels: readonly string[],
  tell: (label: string, said: readonly string[]) => void = () => undefined,
): Promise<ReadonlyMap<string, number>> => {
  const met = new Met();
  const world = new ShippedWorld(configuration, met);
  await world.begin();
  for (const label of labels) {
    try {
      await world.take(label);
    } finally {
      tell(label, world.watch.lines);
    }
  }
  if (world.choices()[0]?.isSure !== true) world.assertAtRest();
  return met.counts;
};

/** What these steps break; null: nothing, or they can not be taken. */
const brokenBy = async (configuration: ShippedConfiguration, labels: readonly string[]): Promise<Violation | null> => {
  try {
    await follow(configuration, labels);
  } catch (thrown) {
    if (thrown instanceof Violation) return thrown;
    if (!(thrown instanceof RangeError)) throw thrown;
  }
  return null;
};

/** Without each step that it does not need. */
const shortened = async (configuration: ShippedConfiguration, rule: string, labels: readonly string[]): Promise<readonly string[]> => {
  let all = labels;
  for (let isShorter = true; isShorter; ) {
    isShorter = false;
    for (let index = all.length - 2; index >= 0; index -= 1) {
      const fewer = [...all.slice(0, index), ...all.slice(index + 1)];
      if ((await brokenBy(configuration, fewer))?.rule !== rule) continue;
      all = fewer;
      isShorter = true;
    }
  }
  return all;
};

/** How much of what was said is shown, in characters. */
const shownMax = 150;
const labelWidth = 44;

const diagramOf = async (configuration: ShippedConfiguration, labels: readonly string[]): Promise<string> => {
  const rows: string[] = [];
  let step = 0;
  try {
    await follow(configuration, labels, (label, said) => {
      step += 1;
      const [first = '', ...more] = said.map((line) => line.slice(0, shownMax));
      rows.push(`${`${step}`.padStart(3)} ${label.padEnd(labelWidth)} ${first}`.trimEnd());
      for (const line of more) rows.push(`${' '.repeat(labelWidth + 5)}${line}`);
    });
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
  }
  return rows.join('\n');
};

/** A rule that was broken, by the shortest way there that is found. */
export const toldOf = async (
  configuration: ShippedConfiguration,
  { rule, message }: Violation,
  labels: readonly string[],
): Promise<ShippedFound> => {
  const isRepeatable = (await brokenBy(configuration, labels))?.rule === rule;
  const shortest = isRepeatable ? await shortened(configuration, rule, labels) : labels;
  const broken = isRepeatable ? await brokenBy(configuration, shortest) : null;
  const diagram = await diagramOf(configuration, shortest);
  return { rule, detail: broken?.message ?? message, labels: shortest, diagram };
};
