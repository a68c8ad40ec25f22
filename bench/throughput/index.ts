/**
 * Messages a second each way with confirmations and order guaranteed, beside a bare `ws` that sends JSON, in the same run and by turns; and
 * the time of an echo, paired. The servers have a process of their own. Ratios are what counts: the machine is whatever it is.
 *
 *   npm run bench -- throughput             a table
 *   npm run bench -- throughput --json      one object for programs
 *   npm run bench -- throughput --rounds 9 --messages 100000
 *   npm run bench -- throughput --only "up, 100"     the rows whose name holds this
 *   npm run bench -- throughput --store sqlite     sessions that outlive their server's process, in a file of the folder for temporary ones
 *   node --cpu-prof .bench/throughput/index.js --profile --only "up, 100"     ninelives alone, for a profile of both processes
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { WebSocket } from 'ws';
import { createClient } from '../../src/client/index.node.js';
import type { Order, Told } from './server.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '50000' },
    echoes: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
    profile: { type: 'boolean', default: false },
    store: { type: 'string', default: 'memory' },
  },
});
const rounds = Number(values.rounds);
const messages = Number(values.messages);
const echoes = Number(values.echoes);
const payload = { text: 'x'.repeat(80) };

const servers = fork(new URL('./server.js', import.meta.url), [values.store]);
const told = async <Key extends string>(key: Key): Promise<Extract<Told, Record<Key, unknown>>> => {
  for (;;) {
    const [what] = (await once(servers, 'message')) as [Told];
    if (key in what) return what as Extract<Told, Record<Key, unknown>>;
  }
};
const order = (what: Order): void => void servers.send(what);

/** What the servers' process has used. */
const cpuMs = async (): Promise<number> => {
  const answer = told('cpuMs');
  order({ cpu: true });
  return (await answer).cpuMs;
};

const { ports } = await told('ports');
const ws = new WebSocket(`ws://127.0.0.1:${ports.ws}`, { perMessageDeflate: false });
await once(ws, 'open');
const kitty = createClient({ url: `ws://127.0.0.1:${ports.ninelives}` });
const started = await kitty.startSession({ username: 'bench' });
if (started.failed) throw started.error;
const { session } = started;

/** One side of a comparison. */
interface Side {
  send(type: string, value: unknown): boolean;
  /** Settled once there is room again: what an app awaits where a send was refused. */
  room(): Promise<unknown>;
  on(type: string, listener: (value: unknown) => void): () => void;
  readonly name: 'ws' | 'ninelives';
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const listeners = new Map<string, (value: unknown) => void>();
ws.on('message', (data) => {
  const [type, value] = JSON.parse(String(data)) as [string, unknown];
  listeners.get(type)?.(value);
});
const bare: Side = {
  name: 'ws',
  send: (type, value) => {
    if (ws.bufferedAmount > 1_048_576) return false;
    ws.send(JSON.stringify([type, value]));
    return true;
  },
  room: turn,
  on: (type, listener) => {
    listeners.set(type, listener);
    return () => void listeners.delete(type);
  },
};
const ours: Side = {
  name: 'ninelives',
  send: (type, value) => session.send(type, value).accepted,
  room: () => session.ready(),
  on: (type, listener) => session.on(type, listener),
};

const up = async (side: Side, perTurn: number): Promise<number> => {
  side.send('expect', messages);
  const whole = told('got');
  const before = performance.now();
  let left = messages;
  while (left > 0) {
    let sent = 0;
    while (sent < perTurn && left > 0 && side.send('flood', payload)) {
      sent += 1;
      left -= 1;
    }
    await (sent < perTurn && left > 0 ? side.room() : turn());
  }
  await whole;
  return (messages / (performance.now() - before)) * 1_000;
};

const down = async (side: Side, perTurn: number): Promise<number> => {
  let got = 0;
  let off = (): void => undefined;
  const whole = new Promise<void>((resolve) => {
    off = side.on('flood', () => {
      got += 1;
      if (got === messages) resolve();
    });
  });
  const before = performance.now();
  order({ flood: messages, perTurn, to: side.name });
  await whole;
  off();
  return (messages / (performance.now() - before)) * 1_000;
};

const echo = async (side: Side): Promise<number> => {
  let answered = (): void => undefined;
  const off = side.on('echo', () => answered());
  const before = performance.now();
  const whole = new Promise<void>((resolve) => (answered = resolve));
  side.send('echo', payload);
  await whole;
  const tookMs = performance.now() - before;
  off();
  return tookMs;
};

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

const p99 = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)] ?? Number.NaN;

/** Batched. One by one each message is a transaction of its own: for that there is no goal with a file. */
const isKept = values.store === 'sqlite';
const cases = [
  { name: 'up, 100 a turn', perTurn: 100, run: up, goal: isKept ? 2 : 3.5 },
  { name: 'up, one by one', perTurn: 1, run: up, goal: isKept ? null : 0.9 },
  { name: 'down, 100 a turn', perTurn: 100, run: down, goal: isKept ? 2 : 3.5 },
  { name: 'down, one by one', perTurn: 1, run: down, goal: isKept ? null : 0.9 },
].filter(({ name }) => name.includes(values.only));
const rows = [];
for (const { name, perTurn, run, goal } of cases) {
  const pairs: { ws: number; ninelives: number }[] = [];
  const cpu: { ws: number; ninelives: number }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const one = async (side: Side): Promise<{ rate: number; cpuUs: number }> => {
      const before = await cpuMs();
      const rate = await run(side, perTurn);
      return { rate, cpuUs: (((await cpuMs()) - before) / messages) * 1_000 };
    };
    const former = values.profile ? { rate: Number.NaN, cpuUs: Number.NaN } : await one(bare);
    const latter = await one(ours);
    if (round === 0) continue;
    pairs.push({ ws: former.rate, ninelives: latter.rate });
    cpu.push({ ws: former.cpuUs, ninelives: latter.cpuUs });
  }
  rows.push({
    name,
    wsPerSecond: median(pairs.map(({ ws: rate }) => rate)),
    ninelivesPerSecond: median(pairs.map(({ ninelives }) => ninelives)),
    ratio: median(pairs.map((pair) => pair.ninelives / pair.ws)),
    goal,
    serverCpuUs: { ws: median(cpu.map(({ ws: us }) => us)), ninelives: median(cpu.map(({ ninelives }) => ninelives)) },
  });
}

const echoName = 'echo, p50';
const echoed = echoName.includes(values.only);
const times: { ws: number; ninelives: number }[] = [];
for (let index = 0; echoed && index < echoes; index += 1)
  times.push({ ws: values.profile ? Number.NaN : await echo(bare), ninelives: await echo(ours) });
const echoRow = {
  wsMs: median(times.map(({ ws: ms }) => ms)),
  ninelivesMs: median(times.map(({ ninelives }) => ninelives)),
  ratio: median(times.map((pair) => pair.ninelives / pair.ws)),
  goal: isKept ? null : 1.1,
  p99: { wsMs: p99(times.map(({ ws: ms }) => ms)), ninelivesMs: p99(times.map(({ ninelives }) => ninelives)) },
};

if (values.json) console.log(JSON.stringify({ store: values.store, rounds, messages, rows, echo: echoRow }));
else {
  const head = ['', 'ws', 'ninelives', 'ratio', 'goal'];
  const table = new Table({ style: { head: [], border: [] }, head, colAligns: ['left', 'right', 'right', 'right', 'right'] });
  for (const { name, wsPerSecond, ninelivesPerSecond, ratio, goal, serverCpuUs: cpu } of rows) {
    table.push([
      name,
      `${Math.round(wsPerSecond)} /s`,
      `${Math.round(ninelivesPerSecond)} /s`,
      `${ratio.toFixed(2)}x`,
      goal === null ? '' : `>= ${goal}x`,
    ]);
    const times = (cpu.ninelives / cpu.ws).toFixed(2);
    table.push(['  server CPU a message', `${cpu.ws.toFixed(2)} us`, `${cpu.ninelives.toFixed(2)} us`, `${times}x`, '']);
  }
  if (echoed)
    table.push([
      echoName,
      `${echoRow.wsMs.toFixed(3)} ms`,
      `${echoRow.ninelivesMs.toFixed(3)} ms`,
      `${echoRow.ratio.toFixed(2)}x`,
      echoRow.goal === null ? '' : `<= ${echoRow.goal}x`,
    ]);
  const { wsMs, ninelivesMs } = echoRow.p99;
  if (echoed) table.push(['echo, p99', `${wsMs.toFixed(3)} ms`, `${ninelivesMs.toFixed(3)} ms`, `${(ninelivesMs / wsMs).toFixed(2)}x`, '']);
  console.log(`${messages} messages of 90 bytes, ${rounds} rounds by turns, store: ${values.store}\n${table.toString()}`);
}

await kitty.endSession();
ws.terminate();
servers.disconnect();
