/** What led to a violation, for people: a diagram of who did what, and a test to paste. */
import type { OutboundPacket, Positions } from '../../machines/stream/packets.js';
import type { Configuration } from './configuration.js';
import type { Found } from './explore.js';
import type { Connection, Doing, DownFrame, UpFrame } from './network.js';
import { Violation } from './rules.js';
import type { Next, World } from './stepper.js';
import { Worlds } from './world.js';

/** One step that was taken. */
export interface Taken {
  readonly before: World;
  readonly next: Next;
}

/** Take these steps from the beginning; each is told before its world is looked at. Gives what was met, with how often. Throws a `Violation` where one breaks a rule, or what comes of it does. */
export const follow = (
  configuration: Configuration,
  labels: readonly string[],
  tell: (taken: Taken) => void = () => undefined,
): ReadonlyMap<string, number> => {
  const worlds = new Worlds(configuration);
  let world = worlds.steps.initial();
  for (const label of labels) {
    const next = worlds.next(world).find((one) => one.label === label);
    if (next === undefined) throw new RangeError(`Nothing of that name can happen here: ${label}.`);
    tell({ before: world, next });
    world = next.to;
    worlds.assertHolds(world);
  }
  if (worlds.next(world)[0]?.isSure !== true) worlds.assertAtRest(world);
  return worlds.steps.met.counts;
};

/** The steps up to the one that breaks a rule. */
const takenBy = (configuration: Configuration, labels: readonly string[]): readonly Taken[] => {
  const taken: Taken[] = [];
  try {
    follow(configuration, labels, (step) => taken.push(step));
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
  }
  return taken;
};

const places = ({ received, done, last, incarnation }: Positions): string =>
  `got ${received}, done ${done}, sent ${last}, life ${incarnation}`;

const packetText = (packet: OutboundPacket): string => {
  switch (packet.kind) {
    case 'message':
    case 'request':
      return `${packet.kind} ${packet.type}${packet.options?.redelivered === true ? ' again' : ''}`;
    case 'ack':
      return `ack got ${packet.received} done ${packet.done}`;
    case 'skip':
      return `skip ${packet.count}`;
    case 'end':
    case 'signIn':
      return packet.kind;
    default:
      return `${packet.kind} to ${packet.to}`;
  }
};

export const frameText = (frame: UpFrame | DownFrame): string => {
  switch (frame.kind) {
    case 'hello':
      return frame.resume === null
        ? `hello: start, token ${frame.start}`
        : `hello: resume ${frame.resume.session}, tokens ${frame.resume.tokens.join(' or ')}, next ${frame.resume.next}; ${places(frame.resume.positions)}`;
    case 'start':
      return `start, token ${frame.token}`;
    case 'welcome':
      return frame.positions === null
        ? `welcome: started ${frame.session}`
        : `welcome: resumed ${frame.session}; ${places(frame.positions)}`;
    case 'deny':
    case 'bye':
      return `${frame.kind} ${frame.code}`;
    case 'data':
      return frame.packets.map(packetText).join(', ');
    default:
      return frame.kind;
  }
};

const under = (connections: readonly Connection[], id: number): Connection | undefined => connections.find((one) => one.id === id);

/** What a step takes from the link, and puts on it. */
const linkLines = ({ before, next: { taking, doings } }: Taken): readonly string[] => {
  const { connections } = before.network.value;
  const arrived = taking.type === 'nothing' ? undefined : under(connections, taking.id)?.[taking.type][0]?.value;
  const arrives =
    arrived === undefined || taking.type === 'nothing'
      ? []
      : [`${taking.id} ${taking.type === 'up' ? '-->|' : '|<--'} ${frameText(arrived)}`];
  return [...arrives, ...doings.map(doingText)];
};

const doingText = (doing: Doing): string => {
  switch (doing.type) {
    case 'open':
      return `${doing.id} |--> ${frameText(doing.frame)}`;
    case 'up':
      return `${doing.id} |--> ${frameText(doing.frame)}`;
    case 'down':
      return `${doing.id} <--| ${frameText(doing.frame)}`;
    case 'closeClient':
      return `${doing.id} x    the client's end is closed`;
    case 'closeServer':
      return `${doing.id}    x the server's end is closed`;
    case 'closeServers':
      return "       x every server's end is closed";
  }
};

const sideWidth = 34;
const linkWidth = 70;

/** The three columns of a trace: client, link, server. */
export const diagramOf = (configuration: Configuration, { rule, detail, labels }: Found): string => {
  const steps = takenBy(configuration, labels);
  const rows = labels.flatMap((label, index) => {
    const step = steps[index];
    const [who = '', what = label] = label.includes(': ') ? label.split(': ') : [];
    const client = who === 'client' ? what : '';
    const server = who === 'server' ? what : '';
    const link = step === undefined ? [who === '' ? label : ''] : linkLines(step);
    const own = who.startsWith('link') || who === 'somebody' ? [`${who}: ${what}`] : [];
    const [first = '', ...more] = [...own, ...link];
    const number = `${index + 1}`.padStart(3);
    return [
      `${number} ${client.padEnd(sideWidth)}${first.padEnd(linkWidth)} ${server}`.trimEnd(),
      ...more.map((line) => `${' '.repeat(sideWidth + 4)}${line}`),
    ];
  });
  const head = `    ${'client'.padEnd(sideWidth)}${'link'.padEnd(linkWidth)} server`;
  return [`${rule}: ${detail}`, '', head, ...rows].join('\n');
};

/** A test that takes the same steps. */
export const testOf = ({ name, plant }: Configuration, { rule, labels }: Found): string =>
  [
    `test(${JSON.stringify(`${rule}: ${name}`)}, () => {`,
    `  follow(configuration(${JSON.stringify(name)}${plant === null ? '' : `, { plant: ${JSON.stringify(plant)} }`}), [`,
    ...labels.map((label) => `    ${JSON.stringify(label)},`),
    '  ]);',
    '});',
  ].join('\n');
