/**
 * What a session costs the server while it does nothing, when it starts, when it comes back, and when everyone is told something; beside a bare
 * `ws` server that does what it can of it, in the same run and by turns. Each server has a process of its own.
 *
 *   npm run bench -- capacity                   a table; progress goes to stderr
 *   npm run bench -- capacity --json            one object for programs
 *   npm run bench -- capacity --sessions 1000   fewer; default 5000, which needs 10,000 open files
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { acknowledge, type Client, gotAll, openBare, openSession } from './clients.js';
import type { Order, Told } from './server.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    sessions: { type: 'string', default: '5000' },
    idle: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '15' },
  },
});
const sessions = Number(values.sessions);
/** Four rhythms of pings, in seconds, so that it does not matter where in one of them the measurement begins. */
const idleSeconds = Number(values.idle);
const rounds = Number(values.rounds);
/** Connections opened before the first that counts: modules are loaded and code is compiled by then. */
const warmUps = 300;
/** How many are opened at a time. */
const openAtOnce = 50;
/** What a resume has missed. */
const missedCounts = [0, 100, 1_000, 10_000] as const;
/** Between two fan-outs, in milliseconds: what is said about the former is over by then. */
const roundBreakMs = 300;
/** Resumes of each kind; the median is told. */
const resumes = 7;

const progress = (what: string): void => void process.stderr.write(`${what}\n`);
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** A server in its process, and the clients that it has. */
class Subject {
  readonly name: 'ws' | 'ninelives';
  readonly clients: Client[] = [];
  port = 0;
  readonly #process: ChildProcess;

  constructor(name: 'ws' | 'ninelives') {
    this.name = name;
    this.#process = fork(new URL('./server.js', import.meta.url), [name], { execArgv: [...process.execArgv, '--expose-gc'] });
  }

  async begin(): Promise<void> {
    this.port = (await this.#told()).port ?? 0;
  }

  async tell(order: Order): Promise<Told> {
    const told = this.#told();
    this.#process.send(order);
    return told;
  }

  async cpuMs(): Promise<number> {
    return (await this.tell({ ask: 'usage', collected: false })).cpuMs ?? 0;
  }

  open(index: number): Promise<Client> {
    return this.name === 'ws' ? openBare(this.port) : openSession(this.port, `user ${index}`);
  }

  async openMore(count: number): Promise<void> {
    const first = this.clients.length;
    for (let index = 0; index < count; index += openAtOnce)
      this.clients.push(
        ...(await Promise.all(Array.from({ length: Math.min(openAtOnce, count - index) }, (_, more) => this.open(first + index + more)))),
      );
  }

  end(): void {
    for (const { ws } of this.clients) ws.terminate();
    this.#process.disconnect();
  }

  async #told(): Promise<Told> {
    return ((await once(this.#process, 'message')) as [Told])[0];
  }
}

const bare = new Subject('ws');
const ours = new Subject('ninelives');
const both = [bare, ours] as const;
await Promise.all(both.map((subject) => subject.begin()));

interface Row {
  readonly name: string;
  readonly ws: number | null;
  readonly ninelives: number;
  readonly unit: string;
  readonly goal: string;
}
const rows: Row[] = [];
const add = (name: string, [ws, ninelives]: readonly [number | null, number], unit: string, goal: string): void => {
  rows.push({ name, ws, ninelives, unit, goal });
};
/** The same of both servers, one after the other. */
const ofBoth = async (measure: (subject: Subject) => Promise<number>): Promise<readonly [number, number]> => [
  await measure(bare),
  await measure(ours),
];

progress(`opening ${warmUps} connections to each server, to warm them up`);
for (const subject of both) await subject.openMore(warmUps);

progress(`opening ${sessions} more, by turns`);
const before = await Promise.all(both.map((subject) => subject.tell({ ask: 'usage', collected: true })));
const slices = 10;
const handshakes: (readonly [number, number])[] = [];
for (let slice = 0; slice < slices; slice += 1)
  handshakes.push(
    await ofBoth(async (subject) => {
      const cpuBefore = await subject.cpuMs();
      await subject.openMore(sessions / slices);
      return (((await subject.cpuMs()) - cpuBefore) / (sessions / slices)) * 1_000;
    }),
  );
add('handshake, CPU', [median(handshakes.map(([ws]) => ws)), median(handshakes.map(([, us]) => us))], 'us', '<= 1.3x');

// What a start leaves behind is over by then: its timers, and the acknowledgements that ride on nothing.
await wait(2_000);
const after = await Promise.all(both.map((subject) => subject.tell({ ask: 'usage', collected: true })));
const perSession = (key: 'rssBytes' | 'heapBytes'): readonly [number, number] => {
  const [ws, us] = both.map((_, index) => ((after[index]?.[key] ?? 0) - (before[index]?.[key] ?? 0)) / sessions / 1_024);
  return [ws ?? Number.NaN, us ?? Number.NaN];
};
add('idle session, RSS', perSession('rssBytes'), 'KiB', '<= 1.2x');
add('idle session, heap', perSession('heapBytes'), 'KiB', '<= 1.3x');

progress(`idle for ${idleSeconds} s`);
const idleBefore = await Promise.all(both.map((subject) => subject.cpuMs()));
await wait(idleSeconds * 1_000);
const idleAfter = await Promise.all(both.map((subject) => subject.cpuMs()));
const idle = both.map((_, index) => ((idleAfter[index] ?? 0) - (idleBefore[index] ?? 0)) / idleSeconds / 10 / (sessions / 1_000));
add('idle, of a core per 1,000', [idle[0] ?? null, idle[1] ?? Number.NaN], '%', '<= 0.5 %');

progress(`one message to all of them, ${rounds} rounds by turns`);
/** Told, and had by everyone: what it cost the server, and how long its event loop stood still. */
const fanOut = async (subject: Subject): Promise<{ readonly cpuMs: number; readonly pauseMs: number }> => {
  const want = subject.clients.length;
  let left = want;
  const whole = new Promise<void>((resolve) => {
    for (const client of subject.clients)
      client.heard = () => {
        left -= 1;
        if (left === 0) resolve();
      };
  });
  const cpuBefore = await subject.cpuMs();
  await subject.tell({ ask: 'fanOut' });
  await whole;
  const cpuMs = (await subject.cpuMs()) - cpuBefore;
  const { pauseMs = 0 } = await subject.tell({ ask: 'pause' });
  if (subject === ours) for (const client of subject.clients) acknowledge(client);
  await wait(roundBreakMs);
  return { cpuMs, pauseMs };
};
const fans: { readonly ws: Awaited<ReturnType<typeof fanOut>>; readonly us: Awaited<ReturnType<typeof fanOut>> }[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const fan = { ws: await fanOut(bare), us: await fanOut(ours) };
  if (round > 0) fans.push(fan);
}
add('fan-out, CPU', [median(fans.map(({ ws }) => ws.cpuMs)), median(fans.map(({ us }) => us.cpuMs))], 'ms', '<= 0.9x');
add('fan-out, pause', [median(fans.map(({ ws }) => ws.pauseMs)), median(fans.map(({ us }) => us.pauseMs))], 'ms', '<= 20 ms');

/** A connection is lost, misses so many messages and is back: until it has them all. A bare server can only send to the next connection. */
const comeBack = async (subject: Subject, missed: number): Promise<{ readonly tookMs: number; readonly cpuMs: number }> => {
  const client = await subject.open(1_000_000);
  const cpuAt = async (): Promise<number> => subject.cpuMs();
  const lost = once(client.ws, 'close');
  client.ws.terminate();
  await lost;
  if (subject === ours) await subject.tell({ ask: 'send', to: client.session.id, messages: missed });
  const cpuBefore = await cpuAt();
  const startedAt = performance.now();
  const back = subject === ours ? await openSession(subject.port, '', client) : await openBare(subject.port);
  if (subject === bare) await subject.tell({ ask: 'send', to: '', messages: missed });
  await gotAll(back, missed);
  const tookMs = performance.now() - startedAt;
  const cpuMs = (await cpuAt()) - cpuBefore;
  back.ws.terminate();
  return { tookMs, cpuMs };
};
for (const missed of missedCounts) {
  progress(`back to ${missed} missed messages`);
  const pairs = [];
  for (let index = 0; index < resumes; index += 1) pairs.push([await comeBack(bare, missed), await comeBack(ours, missed)] as const);
  const name = `back to ${missed.toLocaleString('en')} missed`;
  add(`${name}, time`, [median(pairs.map(([ws]) => ws.tookMs)), median(pairs.map(([, us]) => us.tookMs))], 'ms', 'in proportion');
  add(`${name}, CPU`, [median(pairs.map(([ws]) => ws.cpuMs)), median(pairs.map(([, us]) => us.cpuMs))], 'ms', 'in proportion');
}

if (values.json) console.log(JSON.stringify({ sessions, idleSeconds, rounds, rows }));
else {
  const head = ['', 'ws', 'ninelives', 'ratio', 'goal'];
  const table = new Table({ style: { head: [], border: [] }, head, colAligns: ['left', 'right', 'right', 'right', 'right'] });
  const shown = (value: number | null, unit: string): string => (value === null ? '' : `${value.toFixed(2)} ${unit}`);
  for (const { name, ws, ninelives, unit, goal } of rows)
    table.push([name, shown(ws, unit), shown(ninelives, unit), ws === null || ws === 0 ? '' : `${(ninelives / ws).toFixed(2)}x`, goal]);
  console.log(`${sessions} sessions\n${table.toString()}`);
}
for (const subject of both) subject.end();
