/**
 * Inputs that the stream reducer takes in a second of processor time (garbage collection included), by how much is in flight:
 * its cost must not grow with it. Processor time, because other work on the machine says nothing about the reducer.
 *
 *   npm run bench -- stream            a table
 *   npm run bench -- stream --json     one object for programs: { scenarios: [{ name, rows: [{ inFlight, inputsPerSecond }] }] }
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { reduceStream } from '../../machines/stream/stream.js';
import { type Scenario, scenarios } from './scenarios.js';

/** From a chat's handful to the largest window that a server would grant. */
const inFlightCounts = [64, 1_024, 8_192] as const;
/** How long one measurement runs, in milliseconds of processor time: a hundred garbage collections of the young generation. */
const measureMs = 150;
/** Each is measured this often, the counts by turns, so that a machine that slows down slows all of them; the median is told. */
const measurements = 5;
/** Rounds between two looks at the clock. */
const roundsPerLook = 64;

interface Row {
  readonly inFlight: number;
  readonly inputsPerSecond: number;
}

const measure = (scenario: Scenario, inFlight: number): number => {
  const { state, round } = scenario.prepare(inFlight);
  let reached = state;
  let inputs = 0;
  let index = 0;
  const before = process.cpuUsage();
  let elapsedMs = 0;
  while (elapsedMs < measureMs) {
    for (let count = 0; count < roundsPerLook; count += 1) {
      index += 1;
      for (const input of round(index)) {
        const [next, effects] = reduceStream(reached, input);
        if (effects[0]?.type === 'violated') throw new Error(effects[0].failure.message);
        reached = next;
        inputs += 1;
      }
    }
    const { user, system } = process.cpuUsage(before);
    elapsedMs = (user + system) / 1_000;
  }
  return (inputs / elapsedMs) * 1_000;
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const measured = (scenario: Scenario): readonly Row[] => {
  // The first pass warms the compiler up and is not counted.
  const passes = Array.from({ length: measurements + 1 }, () => inFlightCounts.map((inFlight) => measure(scenario, inFlight))).slice(1);
  return inFlightCounts.map((inFlight, column) => ({
    inFlight,
    inputsPerSecond: Math.round(median(passes.map((pass) => pass[column] as number))),
  }));
};

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const results = scenarios.map((scenario) => ({ name: scenario.name, rows: measured(scenario) }));

if (values.json) process.stdout.write(`${JSON.stringify({ scenarios: results })}\n`);
else {
  const table = new Table({
    head: ['million inputs a second, in flight:', ...inFlightCounts.map(String)],
    style: { head: [], border: [] },
  });
  for (const { name, rows } of results) table.push([name, ...rows.map(({ inputsPerSecond }) => (inputsPerSecond / 1e6).toFixed(2))]);
  process.stdout.write(`${table.toString()}\n`);
}
