import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaultProxy } from '../proxy.js';
import { listen, stop } from '../tcp.js';
import { commandsText, parseCommand } from './commands.js';

const commands = suite('commands to the proxy');

/** A proxy that keeps what it is told. */
const told = () => {
  const calls: unknown[][] = [];
  const proxy = new Proxy({} as FaultProxy, {
    get: (_, name) => {
      if (name === 'connections' || name === 'accepted') return 1;
      if (name === 'bytes') return { up: 2, down: 3 };
      return (...args: unknown[]) => void calls.push([name, ...args]);
    },
  });
  return { calls, proxy };
};

const does = async (line: string): Promise<unknown> => {
  const { calls, proxy } = told();
  const command = parseCommand(line);
  if (!command.ok) return command.problem;
  await command.run(proxy);
  return calls;
};

commands('do what they are called', async () => {
  const expected: Readonly<Record<string, readonly unknown[]>> = {
    'delay 50': ['delay', 50],
    'DELAY off': ['delay', 0],
    'jitter 2.5': ['jitter', 2.5],
    'throttle 10000': ['throttle', 10_000],
    'throttle off': ['throttle', Infinity],
    'split 7': ['split', 7],
    'merge 20': ['merge', 20],
    stall: ['stall', 'both'],
    'stall up': ['stall', 'up'],
    resume: ['resume'],
    cut: ['cut', 'both'],
    '  cut   client ': ['cut', 'client'],
    drop: ['dropHalfOpen'],
    refuse: ['refuse'],
    ignore: ['ignore'],
    accept: ['accept'],
  };
  for (const [line, call] of Object.entries(expected)) assert.equal(await does(line), [call], line);
});

commands('may wait for a moment of the stream', async () => {
  const { calls, proxy } = told();
  const command = parseCommand('after down 3 frames cut client');
  assert.ok(command.ok);
  await command.run(proxy);
  const [[name, direction, count, unit, act] = []] = calls;
  assert.equal([name, direction, count, unit], ['after', 'down', 3, 'frames']);
  (act as () => void)();
  assert.equal(calls[1], ['cut', 'client']);
});

commands('that can not be done say how they are written', async () => {
  for (const line of [
    'delay',
    'delay soon',
    'split 0',
    'throttle 0',
    'delay 5 6',
    'stall sideways',
    'cut client server',
    'resume now',
    'status all',
    'after down',
    'after in 1 frames cut',
    'after up 1 frames fly',
    'fly',
    '',
  ])
    assert.type(await does(line), 'string', line);
  assert.match(String(await does('stall sideways')), 'stall [up|down]: It takes nothing, or one of: both, up, down.');
});

commands('are all in the help', () => {
  for (const name of [
    'delay',
    'jitter',
    'throttle',
    'split',
    'merge',
    'stall',
    'resume',
    'cut',
    'drop',
    'after',
    'refuse',
    'ignore',
    'accept',
    'status',
  ])
    assert.match(commandsText, new RegExp(`^  ${name}`, 'm'));
});

commands('can be typed to a proxy of its own process', async () => {
  const server = createServer((socket) => socket.end());
  const port = await listen(server);
  const args = ['--import', 'tsx', 'scripts/proxy.ts', '--target', `ws://127.0.0.1:${port}`, '--do', 'delay 5'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  child.stdin.write('fly\nstatus\nquit\n');
  const [code] = await once(child, 'close');
  await stop(server);
  assert.is(code, 0);
  assert.match(lines[0] ?? '', /^ws:\/\/127\.0\.0\.1:\d+ leads to/);
  assert.equal(lines.slice(1), [
    '5 ms one way',
    'There is no command "fly"; `help` names them all.',
    '0 open of 0 accepted; 0 bytes up, 0 down',
  ]);
});

commands.run();
