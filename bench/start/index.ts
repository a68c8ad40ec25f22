/**
 * How long a session takes to start, from the call of `startSession` to `active`, TCP connect included, through a proxy that adds a round
 * trip of 100 ms; beside a bare `ws` that says hello, in the same run and by turns. Nothing is kept between two starts.
 *
 *   npm run bench -- start                 a table
 *   npm run bench -- start --json          one object for programs: { roundTripMs, rounds, rows: [{ name, medianMs, p90Ms, roundTrips }] }
 *   npm run bench -- start --rounds 40     more of it; default 15
 *   npm run bench -- start --rtt 200       another round trip, in milliseconds
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient, type StartOptions, websocket } from '../../src/client/index.node.js';
import { createServer } from '../../src/server/index.js';
import { startProxy } from '../../test/support/proxy.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    rtt: { type: 'string', default: '100' },
  },
});
const roundTripMs = Number(values.rtt);
const rounds = Number(values.rounds);
/** What a start may take beyond its two round trips: the budget of the design. */
const budgetMs = 5;
/** Starts before the first that counts: modules are loaded and code is compiled by then. */
const warmUps = 3;

const server = createServer({
  guests: true,
  logger: false,
  presenceGraceMs: 0,
  authenticate: ({ authParams }) => authParams.password === 'x',
});
const { port } = await server.listen(0, { host: '127.0.0.1' });

const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
await once(bare, 'listening');
bare.on('connection', (ws) => ws.on('message', (hello) => ws.send(hello)));

const target = (targetPort: number) => startProxy({ target: { host: '127.0.0.1', port: targetPort }, delayMs: roundTripMs / 2 });
const [toServer, toBare] = await Promise.all([target(port), target((bare.address() as AddressInfo).port)]);

let starts = 0;
const session = (helloIn: 'upgrade' | 'frame', start: Omit<StartOptions, 'username'>) => async (): Promise<number> => {
  starts += 1;
  const kitty = createClient({ transport: websocket({ url: toServer.url, helloIn }) });
  const before = performance.now();
  const result = await kitty.startSession({ username: `user ${starts}`, ...start });
  const tookMs = performance.now() - before;
  if (result.failed) throw result.error;
  await kitty.endSession();
  return tookMs;
};

const bareHello = async (): Promise<number> => {
  const before = performance.now();
  const ws = new WebSocket(toBare.url, { perMessageDeflate: false });
  ws.on('open', () => ws.send('hello'));
  await once(ws, 'message');
  const tookMs = performance.now() - before;
  ws.terminate();
  return tookMs;
};

const cases: readonly { readonly name: string; readonly run: () => Promise<number>; readonly roundTripsMax: number | null }[] = [
  { name: 'session, guest', run: session('upgrade', {}), roundTripsMax: 2 },
  { name: 'session, authenticated', run: session('upgrade', { authParams: { password: 'x' } }), roundTripsMax: 2 },
  { name: 'session, guest, hello as a frame', run: session('frame', {}), roundTripsMax: 3 },
  { name: 'bare ws, hello and answer', run: bareHello, roundTripsMax: null },
];

const took = cases.map((): number[] => []);
for (let round = -warmUps; round < rounds; round += 1) {
  for (const [index, { run }] of cases.entries()) {
    const ms = await run();
    if (round >= 0) took[index]?.push(ms);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${Math.max(round + 1, 0)} of ${rounds} rounds `);
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] as number;
// A round trip as it was in this run: three of them are what the bare hello took.
const measuredMs =
  quantile(
    [...(took[cases.length - 1] as number[])].sort((a, b) => a - b),
    0.5,
  ) / 3;
const rows = cases.map(({ name, roundTripsMax }, index) => {
  const sorted = [...(took[index] as number[])].sort((a, b) => a - b);
  const medianMs = quantile(sorted, 0.5);
  const limitMs = roundTripsMax === null ? null : roundTripsMax * measuredMs + budgetMs;
  return {
    name,
    medianMs,
    p90Ms: quantile(sorted, 0.9),
    roundTrips: medianMs / measuredMs,
    limitMs,
    met: limitMs === null || medianMs <= limitMs,
  };
});

if (values.json) console.log(JSON.stringify({ roundTripMs, rounds, rows }));
else {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['', 'median ms', 'p90 ms', 'round trips', 'limit ms', ''],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const { name, medianMs, p90Ms, roundTrips, limitMs, met } of rows)
    table.push([
      name,
      medianMs.toFixed(1),
      p90Ms.toFixed(1),
      roundTrips.toFixed(2),
      limitMs === null ? '' : limitMs.toFixed(1),
      limitMs === null ? '' : met ? 'met' : 'missed',
    ]);
  console.log(`Start of a session at a round trip of ${roundTripMs} ms, ${rounds} rounds by turns\n${table.toString()}`);
}

await Promise.all([toServer.close(), toBare.close(), server.close()]);
bare.close();
if (rows.some(({ met }) => !met)) process.exitCode = 1;
