/** Starts and commands the server's process. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../support/until.js';
import type { ChildSettings, Order, Told, Usage } from './server-child.js';

const childFile = fileURLToPath(new URL('./server-child.ts', import.meta.url));
/** Milliseconds: a process that compiles TypeScript on a busy machine takes a while. */
const START_MAX_MS = 30_000;
const ANSWER_MAX_MS = 10_000;

export interface Child {
  readonly port: number;
  readonly pid: number;
  order(order: Order): void;
  last(): Promise<number>;
  usage(): Promise<Usage>;
  /** Sessions that it has announced: how many, and how many of these it had recovered. */
  readonly announced: { readonly all: number; readonly recovered: number };
  /** `kill -9`, or another signal; settles when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Have the server say goodbye to everybody, with a time to come back; settles when the process is gone. */
  drain(): Promise<void>;
  /** Close the server in order. */
  close(): Promise<void>;
}

/** Rejects with what the server says where it can not listen. */
export const startChild = async (settings: ChildSettings): Promise<Child> => {
  const child: ChildProcess = fork(childFile, [JSON.stringify(settings)], { execArgv: ['--import', 'tsx'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting = new Map<number, (value: number | Usage) => void>();
  const announced = { all: 0, recovered: 0 };
  let asked = 0;
  const port = await within(
    new Promise<number>((resolve, reject) => {
      child.on('message', (told: Told) => {
        if ('port' in told) resolve(told.port);
        else if ('failed' in told) reject(new Error(told.failed));
        else if ('session' in told) {
          announced.all += 1;
          if (told.recovered) announced.recovered += 1;
        } else {
          waiting.get(told.answer)?.(told.value);
          waiting.delete(told.answer);
        }
      });
      child.once('exit', (code) => reject(new Error(`The server's process ended with ${code}.`)));
    }),
    'the address of the server',
    START_MAX_MS,
  ).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const order = (what: Order): void => {
    // A process that was just killed hears nothing any more; who gives orders counts what was done, not what was said.
    if (child.connected) child.send(what, () => undefined);
  };
  const ask = <Value extends number | Usage>(what: 'last' | 'usage'): Promise<Value> => {
    asked += 1;
    const number = asked;
    const answer = new Promise<number | Usage>((resolve) => waiting.set(number, resolve));
    order({ ask: number, what });
    return within(answer, `the server's answer: ${what}`, ANSWER_MAX_MS) as Promise<Value>;
  };
  return {
    port,
    pid: child.pid as number,
    order,
    last: () => ask<number>('last'),
    usage: () => ask<Usage>('usage'),
    announced,
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
      return exited;
    },
    drain: () => {
      order({ drain: true });
      return exited;
    },
    close: () => {
      order({ close: true });
      return exited;
    },
  };
};
