/** What a person types to a proxy. */
import type { FaultProxy } from '../proxy.js';

/** A command, ready to be done. The text is what to say once it is. */
export type Command = (proxy: FaultProxy) => string | Promise<string>;

export type Parsed = { readonly ok: true; readonly run: Command } | { readonly ok: false; readonly problem: string };

interface Entry {
  readonly name: string;
  readonly usage: string;
  readonly meaning: string;
  parse(words: readonly string[]): Parsed;
}

const refused = (problem: string): Parsed => ({ ok: false, problem });
const done = (act: (proxy: FaultProxy) => unknown, said: string): Parsed => ({
  ok: true,
  run: async (proxy) => {
    await act(proxy);
    return said;
  },
});

/** A number, or the word that takes the condition back. */
const amount = (unit: string, off: number, set: (proxy: FaultProxy, value: number) => void) => (words: readonly string[]) => {
  const [text = '', ...more] = words;
  const isOff = text === 'off';
  if (more.length > 0 || !(isOff || /^\d+(\.\d+)?$/.test(text)) || (off === Infinity && Number(text) === 0))
    return refused(`A number of ${unit}${off === Infinity ? ' above 0' : ''} is wanted, or \`off\`.`);
  return done((proxy) => set(proxy, isOff ? off : Number(text)), isOff ? 'as it comes' : `${text} ${unit}`);
};

const oneOf = <Word extends string>(choices: readonly Word[], act: (proxy: FaultProxy, choice: Word) => void) => {
  const parse = ([word = 'both', ...more]: readonly string[]): Parsed => {
    const choice = choices.find((known) => known === word);
    if (choice === undefined || more.length > 0) return refused(`It takes nothing, or one of: ${choices.join(', ')}.`);
    return done((proxy) => act(proxy, choice), choice);
  };
  return parse;
};

const alone =
  (act: (proxy: FaultProxy) => unknown, said: string) =>
  (words: readonly string[]): Parsed =>
    words.length > 0 ? refused('It takes nothing.') : done(act, said);

const status = (proxy: FaultProxy): string =>
  `${proxy.connections} open of ${proxy.accepted} accepted; ${proxy.bytes.up} bytes up, ${proxy.bytes.down} down`;

const parseAfter = ([direction, count = '', unit, ...words]: readonly string[]): Parsed => {
  if ((direction !== 'up' && direction !== 'down') || !/^[1-9]\d*$/.test(count) || (unit !== 'bytes' && unit !== 'frames'))
    return refused('It is written like: after down 1 frames cut');
  const command = parseCommand(words.join(' '));
  if (!command.ok) return command;
  return done(
    (proxy) =>
      proxy.after(direction, Number(count), unit, () => {
        // Between two bytes there is no time to wait; what a command says, status says later.
        void command.run(proxy);
      }),
    `waiting for it: ${words.join(' ')}`,
  );
};

const entries: readonly Entry[] = [
  {
    name: 'delay',
    usage: 'delay MS|off',
    meaning: 'one-way latency',
    parse: amount('ms one way', 0, (proxy, ms) => proxy.delay(ms)),
  },
  {
    name: 'jitter',
    usage: 'jitter MS|off',
    meaning: 'a random part of this, besides the latency',
    parse: amount('ms of jitter', 0, (proxy, ms) => proxy.jitter(ms)),
  },
  {
    name: 'throttle',
    usage: 'throttle BYTES|off',
    meaning: 'bytes a second, each way',
    parse: amount('bytes a second', Infinity, (proxy, rate) => proxy.throttle(rate)),
  },
  {
    name: 'split',
    usage: 'split BYTES|off',
    meaning: 'hand on in pieces of this size',
    parse: amount('bytes a piece', Infinity, (proxy, bytes) => proxy.split(bytes)),
  },
  {
    name: 'merge',
    usage: 'merge MS|off',
    meaning: 'hand on as one what comes within this span',
    parse: amount('ms merged', 0, (proxy, ms) => proxy.merge(ms)),
  },
  {
    name: 'stall',
    usage: 'stall [up|down]',
    meaning: 'nothing passes, nobody is told',
    parse: oneOf(['both', 'up', 'down'] as const, (proxy, direction) => proxy.stall(direction)),
  },
  { name: 'resume', usage: 'resume', meaning: 'end the stalls: what was held passes', parse: alone((proxy) => proxy.resume(), 'flowing') },
  {
    name: 'cut',
    usage: 'cut [client|server]',
    meaning: 'reset connections at both ends, or at one: the other hears nothing',
    parse: oneOf(['both', 'client', 'server'] as const, (proxy, side) => proxy.cut(side)),
  },
  {
    name: 'drop',
    usage: 'drop',
    meaning: 'reset what cuts of one end left half-open',
    parse: alone((proxy) => proxy.dropHalfOpen(), 'dropped'),
  },
  {
    name: 'after',
    usage: 'after up|down N bytes|frames COMMAND',
    meaning: 'do it when a connection has carried N bytes, or before it hands on frame N',
    parse: parseAfter,
  },
  { name: 'refuse', usage: 'refuse', meaning: 'refuse new connections', parse: alone((proxy) => proxy.refuse(), 'refusing') },
  {
    name: 'ignore',
    usage: 'ignore',
    meaning: 'accept new connections and say nothing to them',
    parse: alone((proxy) => proxy.ignore(), 'ignoring'),
  },
  { name: 'accept', usage: 'accept', meaning: 'take new connections again', parse: alone((proxy) => proxy.accept(), 'accepting') },
  {
    name: 'status',
    usage: 'status',
    meaning: 'connections and bytes',
    parse: (words) => (words.length > 0 ? refused('It takes nothing.') : { ok: true, run: status }),
  },
];

const USAGE_WIDTH = 38;

/** Every command with its meaning, a line each. */
export const commandsText: string = entries.map(({ usage, meaning }) => `  ${usage.padEnd(USAGE_WIDTH)}${meaning}`).join('\n');

/**
 * @example
 * const command = parseCommand('cut client');
 * if (command.ok) console.log(await command.run(proxy));
 */
export const parseCommand = (line: string): Parsed => {
  const [name = '', ...words] = line.trim().toLowerCase().split(/\s+/);
  const entry = entries.find((known) => known.name === name);
  if (entry === undefined) return refused(`There is no command ${JSON.stringify(name)}; \`help\` names them all.`);
  const parsed = entry.parse(words);
  return parsed.ok ? parsed : refused(`${entry.usage}: ${parsed.problem}`);
};
