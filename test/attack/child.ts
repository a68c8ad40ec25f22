/** Starts the two processes of a run, the server and the one that attacks it, and asks them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../support/until.js';
import type { AttackOrder, AttackTold } from './attacker-child.js';
import type { Tally } from './kit.js';
import type { ServerFigures, ServerOrder, ServerSettings, ServerTold } from './server-child.js';

/** Milliseconds: a process that compiles TypeScript on a busy machine takes a while. */
const START_MAX_MS = 60_000;
const ANSWER_MAX_MS = 20_000;
/** No attack lasts longer. */
const ATTACK_MAX_MS = 120_000;

const forked = (file: string, settings: unknown): ChildProcess =>
  fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(settings)], { execArgv: ['--import', 'tsx'] });

const goneOf = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', (code) => resolve(code)));

export interface AttackedServer {
  readonly port: number;
  readonly url: string;
  /** Is its process still the one that was started? */
  readonly isAlive: boolean;
  figures(): Promise<ServerFigures>;
  close(): Promise<void>;
}

export const startAttackedServer = async (settings: ServerSettings): Promise<AttackedServer> => {
  const child = forked('./server-child.ts', settings);
  const gone = goneOf(child);
  const waiting = new Map<number, (figures: ServerFigures) => void>();
  let asked = 0;
  const listening = new Promise<number>((resolve, reject) => {
    child.on('message', (told: ServerTold) => {
      if ('port' in told) resolve(told.port);
      else if ('failed' in told) reject(new Error(told.failed));
      else {
        waiting.get(told.answer)?.(told.figures);
        waiting.delete(told.answer);
      }
    });
    void gone.then((code) => reject(new Error(`The server's process ended with ${code}.`)));
  });
  const port = await within(listening, 'the address of the server', START_MAX_MS).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const order = (what: ServerOrder): void => {
    if (child.connected) child.send(what);
  };
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    figures: () => {
      asked += 1;
      const number = asked;
      const answer = new Promise<ServerFigures>((resolve) => waiting.set(number, resolve));
      order({ ask: number });
      return within(answer, "the server's figures", ANSWER_MAX_MS);
    },
    close: async () => {
      order({ close: true });
      // One that an attack has stopped is not to stay.
      await within(gone, 'the end of the server', ANSWER_MAX_MS).catch(() => child.kill('SIGKILL'));
    },
  };
};

export interface Attacker {
  /** Run one attack to its end; what came of it. Rejects where it could not be made at all. */
  run(order: Omit<AttackOrder, 'number'>): Promise<Tally>;
  close(): Promise<void>;
}

export const startAttacker = async (): Promise<Attacker> => {
  const child = forked('./attacker-child.ts', {});
  const gone = goneOf(child);
  const waiting = new Map<number, { resolve: (tally: Tally) => void; reject: (error: Error) => void }>();
  let ordered = 0;
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (told: AttackTold) => {
      if ('ready' in told) return resolve();
      const one = waiting.get(told.number);
      waiting.delete(told.number);
      if ('failed' in told) one?.reject(new Error(told.failed));
      else one?.resolve(told.tally);
    });
    void gone.then((code) => {
      const error = new Error(`The attacker's process ended with ${code}.`);
      reject(error);
      for (const one of waiting.values()) one.reject(error);
    });
  });
  await within(ready, 'the attacker', START_MAX_MS);
  return {
    run: (order) => {
      ordered += 1;
      const number = ordered;
      const tally = new Promise<Tally>((resolve, reject) => waiting.set(number, { resolve, reject }));
      child.send({ ...order, number });
      return within(tally, `the end of the attack ${order.name}`, ATTACK_MAX_MS);
    },
    close: async () => {
      child.disconnect();
      await gone;
    },
  };
};
