import { silenceMsDefault } from '../../machines/liveness/liveness.js';
import type { Link, LinkEvents, LinkOptions, Openings, ResumeOpening, StartOpening, Transport } from '../../machines/ports/transport.js';
import type { Failure } from '../../machines/reasons.js';
import type { Welcome } from '../../machines/session/events.js';
import type { InboundData, InboundItem, OutboundPacket, Positions } from '../../machines/stream/packets.js';
import type { LastWord } from '../../machines/stream/state.js';

/** One connection, seen from the bench's server, from the moment in which it has asked for something. */
export interface Visit {
  readonly asks: 'start' | 'resume';
  /** The credential of a start, or what is to be resumed, as it reached the server. */
  readonly credential: Readonly<Record<string, unknown>>;
  /** Let it in; the packets go in one piece with the welcome. */
  welcome(packets?: readonly OutboundPacket[]): void;
  deny(failure: Failure): void;
  /** The session to be resumed is not known: resolves with the start that is asked for instead, on the same connection. */
  gone(): Promise<Visit>;
  /** Send data, in one piece. */
  send(packets: readonly OutboundPacket[]): void;
  /** Say goodbye, and why. */
  bye(failure: Failure): void;
  /** Break a rule of the wire. */
  babble(): void;
  /** Break the connection, as when a cable is pulled. */
  cut(): void;
  /** Answer nothing any more, as when the path is dead. */
  mute(): void;
  /** The data that came, in order. */
  readonly heard: readonly InboundItem[];
  /** Resolves once this much data has come. */
  hears(count: number): Promise<void>;
  /** Resolves once the client is gone: with a goodbye, or without. */
  left(): Promise<'goodbye' | 'closed'>;
}

/** What the transport contract needs of an adapter: the transport, a server whose script the contract writes, and the faults that it is to tell. */
export interface TransportBench {
  /** Leads to the server below. */
  readonly transport: Transport;
  /** Leads to where nobody accepts. */
  readonly refused: Transport;
  /** Leads to a peer that never answers the opening. */
  readonly silent: Transport;
  /** The next connection that asks for something, those that have asked already first. */
  visit(): Promise<Visit>;
  /** How many connections have asked for something. */
  readonly visits: number;
  /** Let at least this much of the transport's time pass, with all that falls due in it. A real clock waits. */
  advance(ms: number): Promise<void>;
  /** Free all that the bench holds. */
  close(): Promise<void>;
}

/** What a link's owner was told, in order. */
export type LinkWord =
  | 'opened'
  | 'suspected'
  | 'heard'
  | 'measured'
  | 'renewalAsked'
  | 'renewed'
  | 'unrenewed'
  | { readonly welcomed: Welcome; readonly positions: Positions | null }
  | { readonly denied: Failure }
  | { readonly lost: Failure }
  | { readonly concluded: LastWord }
  | { readonly received: readonly InboundData[] };

/** The name of what was told. */
export const wordOf = (word: LinkWord): string => (typeof word === 'string' ? word : (Object.keys(word)[0] ?? ''));

/** A link's owner with a memory. */
export interface LinkEar {
  readonly events: LinkEvents;
  readonly told: readonly LinkWord[];
  /** How far the own direction is said to be, for the transport to judge silence by. */
  readonly progress: { shipped: number; peerReceived: number };
  /** The names of what was told, liveness and last words left out: when they come is the wire's own business. */
  readonly words: readonly string[];
  /** Resolves once a word of this name was told. */
  hears(name: string): Promise<void>;
  /** The failure that ended it, once one did. */
  failure(): Promise<Failure>;
  /** All that was received, sizes left out. */
  readonly received: readonly unknown[];
}

/** What a wire may say or not. */
const ofItsOwn: readonly string[] = ['suspected', 'heard', 'measured', 'concluded'];

export const linkEar = (): LinkEar => {
  const told: LinkWord[] = [];
  let waiters: { readonly name: string; readonly resolve: () => void }[] = [];
  const hear = (word: LinkWord): void => {
    told.push(word);
    const name = wordOf(word);
    for (const waiter of waiters) if (waiter.name === name) waiter.resolve();
    waiters = waiters.filter((waiter) => waiter.name !== name);
  };
  const hears = (name: string): Promise<void> =>
    told.some((word) => wordOf(word) === name) ? Promise.resolve() : new Promise((resolve) => waiters.push({ name, resolve }));
  const progress = { shipped: 0, peerReceived: 0 };
  return {
    told,
    progress,
    events: {
      opened: () => hear('opened'),
      welcomed: (welcomed, _terms, positions) => hear({ welcomed, positions }),
      denied: (denied) => hear({ denied }),
      lost: (lost) => hear({ lost }),
      concluded: (concluded) => hear({ concluded }),
      suspected: () => hear('suspected'),
      heard: () => hear('heard'),
      measured: () => hear('measured'),
      renewalAsked: () => hear('renewalAsked'),
      renewed: () => hear('renewed'),
      unrenewed: () => hear('unrenewed'),
      received: (received) => hear({ received }),
      progress: () => progress,
    },
    get words() {
      return told.map(wordOf).filter((name) => !ofItsOwn.includes(name));
    },
    hears,
    failure: async () => {
      await Promise.race([hears('lost'), hears('denied')]);
      for (const word of told) {
        if (typeof word === 'object' && 'lost' in word) return word.lost;
        if (typeof word === 'object' && 'denied' in word) return word.denied;
      }
      throw new Error('Neither was told.');
    },
    get received() {
      return told.flatMap((word) =>
        typeof word === 'object' && 'received' in word
          ? word.received.map((packet) => ('size' in packet ? (({ size, ...item }) => item)(packet) : packet))
          : [],
      );
    },
  };
};

/** Recognisable wherever they turn up. Tokens have a token's length. */
export const secrets = {
  apiKey: 'contract-api-key',
  password: 'contract-password',
  token: 'contract-start-token'.padEnd(43, '_'),
  resumeToken: 'contract-resume-token'.padEnd(43, '_'),
  nextToken: 'contract-next-token'.padEnd(43, '_'),
  abandonedToken: 'contract-abandoned-token'.padEnd(43, '_'),
} as const;

export const startOpening: StartOpening = { username: 'jane', authParams: { password: secrets.password }, token: secrets.token };

/** A credential that comes when the test gives it. */
export const lateCredential = (): { readonly start: Openings['start']; give(): void } => {
  let give = (): void => undefined;
  const credential = new Promise<StartOpening>((resolve) => {
    give = () => resolve(startOpening);
  });
  return { start: () => credential, give: () => give() };
};

export const resumeOpening: ResumeOpening = {
  sessionId: 'formerly',
  tokens: [secrets.resumeToken],
  nextToken: secrets.nextToken,
  positions: { received: 2, done: 1, seen: 0, last: 3, exceptions: [{ number: 1, outcome: 'failed' }], incarnation: 1 },
  life: 1,
};

/** A limit that no opening on one machine reaches, in milliseconds. */
const AMPLE_MS = 10_000;

export interface Asking {
  readonly through?: Transport;
  readonly resume?: boolean;
  readonly start?: Openings['start'];
  readonly options?: Partial<LinkOptions>;
}

/** A link that was opened, with its ear, and each signal with which its credential was asked for. */
export interface Opened {
  readonly link: Link;
  readonly ear: LinkEar;
  readonly asked: readonly AbortSignal[];
  /** Resolves once the credential was asked for. */
  readonly whenAsked: Promise<void>;
}

/** Open a link, with every secret that there is. */
export const openLink = (
  bench: TransportBench,
  { through = bench.transport, resume = false, start, options = {} }: Asking = {},
): Opened => {
  const ear = linkEar();
  const asked: AbortSignal[] = [];
  let wasAsked = (): void => undefined;
  const whenAsked = new Promise<void>((resolve) => {
    wasAsked = resolve;
  });
  const openings: Openings = {
    apiKey: secrets.apiKey,
    agent: 'contract',
    window: { messages: 1_024, size: 1_048_576 },
    abandoned: { sessionId: 'abandoned', tokens: [secrets.abandonedToken] },
    resume: resume ? resumeOpening : null,
    start: (signal) => {
      asked.push(signal);
      wasAsked();
      return start === undefined ? Promise.resolve(startOpening) : start(signal);
    },
    renewal: () => Promise.reject(new Error('Nobody asks for one here.')),
  };
  const link = through.open(openings, ear.events, {
    connectTimeoutMs: AMPLE_MS,
    helloTimeoutMs: AMPLE_MS,
    afterFailedOpen: false,
    silenceMs: silenceMsDefault,
    ...options,
  });
  return { link, ear, asked, whenAsked };
};

export const message = (payload: unknown): OutboundPacket => ({ kind: 'message', type: 'note', payload: JSON.stringify(payload) });

/** A link that was let in. */
export const openWelcomed = async (bench: TransportBench): Promise<Opened & { readonly visit: Visit }> => {
  const opened = openLink(bench);
  const visit = await bench.visit();
  visit.welcome();
  await opened.ear.hears('welcomed');
  return { ...opened, visit };
};

/** A whole session on a link of its own: what was still to be told of an older one has been told by its end. */
export const wholeSession = async (bench: TransportBench): Promise<void> => {
  const { link, ear, visit } = await openWelcomed(bench);
  link.write([message('there')]);
  await visit.hears(1);
  visit.send([message('back')]);
  await ear.hears('received');
  link.close(true);
  await visit.left();
};
