import type { AuthenticateFunction } from '../../adapters/auth/function.js';
import type { Authenticator, RequestInfo } from '../../machines/ports/authenticator.js';
import type { Host } from '../../machines/ports/host.js';
import type { SessionStore } from '../../machines/ports/store.js';
import type { StreamWindow } from '../../machines/stream/packets.js';
import { checkRoom, checkWhole } from '../stream/room.js';
import type { Logger } from './logger.js';
import { isSessionsPerUser, type SessionsPerUserRule } from './places.js';
import type { WhenFull } from './session.js';

/** Decides whether guests may enter: for all, or for each attempt. */
export type Guests = boolean | ((attempt: { readonly username: string; readonly request: RequestInfo }) => boolean | Promise<boolean>);

/**
 * Says where a connection comes from, behind a proxy. What it gives takes the place of `request.remoteAddress`; null, nothing, or what is no IP
 * address: the socket's own address stays. It throws: the same, and the log says so.
 */
export type AddressOf = (request: RequestInfo) => string | null | undefined;

/** What a server may be told. Everything has a default that is safe on a developer's machine. */
export interface ServerOptions {
  /** The keys that clients may show. Without any, the server serves this machine alone, whatever the key. */
  readonly apiKeys?: readonly string[];
  /** Are guests let in? Default: true, which the server says when it starts until this is set. */
  readonly guests?: Guests;
  /**
   * How many sessions a user may have at once: `many` (the default), or one: `newest` ends the one before as `superseded`, `oldest` refuses the
   * newcomer with `UserConnectedError` while the client of the one before is there. A function decides for each user; where it throws, or
   * says anything else, the start is refused and the log says so. Guests of one name are one user.
   */
  readonly sessionsPerUser?: SessionsPerUserRule;
  /** Decides on attempts with authParams: a function, or `webhook(...)`, `jwt(...)`, or your own. Default: nobody with authParams is admitted. */
  readonly authenticate?: AuthenticateFunction | Authenticator;
  /** How long a function given as `authenticate` or `guests` may take, in milliseconds. Default: 5,000. */
  readonly authenticateTimeoutMs?: number;
  /** Where users and sessions are kept. Default: in memory. */
  readonly store?: SessionStore;
  /** Pages' origins that may connect, besides this server's own host (where there are `apiKeys`) and this machine: `https://example.com`. */
  readonly origins?: readonly string[];
  /**
   * Where connections come from, where a proxy stands before the server: without it all of them come from the proxy. One in a private
   * network is not counted; one with a public address, as of a CDN or a cloud's balancer, has `limits.connectionsPerAddress` for all of them together.
   * Read a header only that the proxy itself sets, whatever the client said: nobody but the proxy may reach the server. Default: the socket's address.
   *
   * @example
   * createServer({ addressOf: ({ headers }) => headers['x-real-ip'] }); // nginx: proxy_set_header X-Real-IP $remote_addr;
   */
  readonly addressOf?: AddressOf;
  /** Where the log goes: anything with pino's four methods. Default: pino, to the standard output. False: nowhere. */
  readonly logger?: Logger | false;
  /** How often the server pings a client to which it says nothing else, in milliseconds. Default: 5,000. */
  readonly pingEveryMs?: number;
  /** How long a connection may be open without a hello, in milliseconds; with `listen`, also how long a request may take to bring its headers. Default: 5,000. */
  readonly helloTimeoutMs?: number;
  /** How long a client may take to confirm its welcome, in milliseconds. Default: 10,000. */
  readonly confirmWithinMs?: number;
  /** How long a session is kept after its link was lost, in milliseconds, so that its client can resume it. Default: 120,000. 0: not at all. */
  readonly resumeWindowMs?: number;
  /**
   * How long before an authentication ends its client is asked for a new credential, in milliseconds; never more than a fifth of the
   * time that it lasts. Default: 60,000.
   */
  readonly renewBeforeMs?: number;
  /** How long the goodbyes may take, in milliseconds. Default: 5,000. */
  readonly endDeadlineMs?: number;
  /** How long a user stays online after the last session is gone, in milliseconds. Default: 5,000. */
  readonly presenceGraceMs?: number;
  /** How long a message's handler may take before its signal is aborted, in milliseconds. Default: 30,000. */
  readonly handlerTimeoutMs?: number;
  /** How long a request to a client waits for its answer, in milliseconds. Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /**
   * What happens where a client leaves its buffer (`limits.buffer`) full: a send is refused with `BufferFullError`, or (`end`) its session ends as
   * `tooSlow` besides. `session.whenFull` sets it for one session. Default: `refuse`.
   */
  readonly whenFull?: WhenFull;
  readonly limits?: {
    /** The largest payload, in UTF-16 code units of its JSON text. Default: 262,144. */
    readonly messageSize?: number;
    /** The largest WebSocket message, in bytes. Default: 1,048,576; at least four times `messageSize`. */
    readonly batchSize?: number;
    /** What the server can hold of one client's messages. Requests run side by side: 1,024 at once, or as many as `messages` where that is more. Default: 1,024 messages, 1 MiB. */
    readonly window?: StreamWindow;
    /**
     * What the server holds for one client until it is confirmed; at least one `messageSize`. As much again, for answers that the client has not
     * received: a client that leaves more is ended as too slow. Default: 10,000 messages, 16 MiB.
     */
    readonly buffer?: StreamWindow;
    /** How many connections and starts may wait, to be welcomed or for their welcome to be confirmed. Default: 1,000. */
    readonly pendingConnections?: number;
    /**
     * How many sessions are admitted in any one second, starts and resumes together. Who comes beyond is told that the server is busy, and when
     * to come again, one after the other. Default: 400, a tenth of a second of a core.
     */
    readonly admissionsPerSecond?: number;
    /** How many lost sessions are kept. Past it, the one that was lost first has expired. Default: 10,000. */
    readonly lostSessions?: number;
    /**
     * How many sessions there may be in all: active, lost and unconfirmed. A start beyond them is told `ServerBusyError`, before its credential is
     * looked at; resumes always pass. Default: 100,000.
     */
    readonly sessions?: number;
    /**
     * How many connections may be open at once from one address, or from one /64 network of IPv6, and how many lost sessions that were started
     * from it are kept. A connection beyond them is told `ServerBusyError`; past them, the address's session that was lost first has expired. Addresses of
     * this machine and of private networks are not counted: see `addressOf`. Default: 1,000, what a large office behind one address has.
     */
    readonly connectionsPerAddress?: number;
    /**
     * How many lines of each kind the log has in a second about what strangers do: connections that are refused, access that is denied, tokens that
     * are not current. The others are counted in one line. Default: 20.
     */
    readonly logLinesPerSecond?: number;
  };
  /** Clock and randomness, for tests. */
  readonly host?: Host;
}

export const serverDefaults = {
  authenticateTimeoutMs: 5_000,
  /** Half of the ten seconds in which an idle half-open link is to be noticed; the other half is the probe's. */
  pingEveryMs: 5_000,
  helloTimeoutMs: 5_000,
  confirmWithinMs: 10_000,
  /** A tunnel, a lift, a change of network: what a person calls an interruption. */
  resumeWindowMs: 120_000,
  /** Time for a few tries where whoever decides can not be asked at once. */
  renewBeforeMs: 60_000,
  endDeadlineMs: 5_000,
  /** Longer than a reload of a page takes. */
  presenceGraceMs: 5_000,
  handlerTimeoutMs: 30_000,
  requestTimeoutMs: 10_000,
  /** Who is behind for a moment need not lose a session for it. */
  whenFull: 'refuse',
  /** Long enough to ride on an answer, short enough that nobody waits for it. */
  ackDelayMs: 25,
  messageSize: 262_144,
  batchSize: 1_048_576,
  window: { messages: 1_024, size: 1_048_576 },
  buffer: { messages: 10_000, size: 16_777_216 },
  pendingConnections: 1_000,
  admissionsPerSecond: 400,
  lostSessions: 10_000,
  /** Two gigabytes of idle ones: where a process of Node's own size is full. */
  sessions: 100_000,
  connectionsPerAddress: 1_000,
  /** Enough to see who it is, and little enough to be read. */
  logLinesPerSecond: 20,
} as const;

/** The options with every default in its place. */
export interface Settings {
  readonly apiKeys: readonly string[];
  readonly guests: Guests;
  readonly guestsSet: boolean;
  readonly sessionsPerUser: SessionsPerUserRule;
  readonly origins: readonly string[];
  readonly authenticateTimeoutMs: number;
  readonly pingEveryMs: number;
  readonly helloTimeoutMs: number;
  readonly confirmWithinMs: number;
  readonly resumeWindowMs: number;
  readonly renewBeforeMs: number;
  readonly endDeadlineMs: number;
  readonly presenceGraceMs: number;
  readonly handlerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly whenFull: WhenFull;
  readonly ackDelayMs: number;
  readonly messageSize: number;
  readonly batchSize: number;
  readonly window: StreamWindow;
  readonly buffer: StreamWindow;
  readonly pendingConnections: number;
  readonly admissionsPerSecond: number;
  readonly lostSessions: number;
  readonly sessions: number;
  readonly connectionsPerAddress: number;
  readonly logLinesPerSecond: number;
}

const times = [
  'authenticateTimeoutMs',
  'pingEveryMs',
  'helloTimeoutMs',
  'confirmWithinMs',
  'resumeWindowMs',
  'renewBeforeMs',
  'endDeadlineMs',
  'presenceGraceMs',
  'handlerTimeoutMs',
  'requestTimeoutMs',
] as const satisfies readonly (keyof ServerOptions & keyof Settings)[];

const counts = [
  'messageSize',
  'batchSize',
  'pendingConnections',
  'admissionsPerSecond',
  'lostSessions',
  'sessions',
  'connectionsPerAddress',
  'logLinesPerSecond',
] as const satisfies readonly (keyof NonNullable<ServerOptions['limits']> & keyof Settings)[];

/** @throws TypeError where an option can not be what it is: a mistake to be seen when the server is written. */
export const settingsOf = (options: ServerOptions): Settings => {
  for (const name of times) {
    const value = options[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      throw new TypeError(`createServer: \`${name}\` is a number of milliseconds, 0 or more; it was given ${String(value)}.`);
  }
  for (const [index, key] of (options.apiKeys ?? []).entries())
    if (typeof key !== 'string' || key === '')
      throw new TypeError(`createServer: \`apiKeys[${index}]\` is to be a string that is not empty.`);
  for (const origin of options.origins ?? [])
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new TypeError(`createServer: \`origins\` takes origins like https://example.com, without a path; it was given ${origin}.`);
  const sessionsPerUser = options.sessionsPerUser ?? 'many';
  if (typeof sessionsPerUser !== 'function' && !isSessionsPerUser(sessionsPerUser))
    throw new TypeError(
      `createServer: \`sessionsPerUser\` is many, newest, oldest or a function; it was given ${String(sessionsPerUser)}.`,
    );
  const { whenFull = serverDefaults.whenFull } = options;
  if (whenFull !== 'refuse' && whenFull !== 'end')
    throw new TypeError(`createServer: \`whenFull\` is 'refuse' or 'end'; it was given ${String(whenFull)}.`);
  const limits = options.limits ?? {};
  for (const name of counts) checkWhole('createServer', `limits.${name}`, limits[name]);
  for (const name of ['window', 'buffer'] as const) checkRoom('createServer', `limits.${name}`, limits[name]);
  const messageSize = limits.messageSize ?? serverDefaults.messageSize;
  const buffer = limits.buffer ?? serverDefaults.buffer;
  if (buffer.size < messageSize)
    throw new TypeError(
      `createServer: \`limits.buffer.size\` is at least \`limits.messageSize\`, or the largest message could never be sent; they are ${buffer.size} and ${messageSize}.`,
    );
  const pick = <K extends keyof ServerOptions & keyof typeof serverDefaults>(name: K): number =>
    (options[name] as number | undefined) ?? (serverDefaults[name] as number);
  return {
    apiKeys: options.apiKeys ?? [],
    guests: options.guests ?? true,
    guestsSet: options.guests !== undefined,
    sessionsPerUser,
    origins: options.origins ?? [],
    authenticateTimeoutMs: pick('authenticateTimeoutMs'),
    pingEveryMs: pick('pingEveryMs'),
    helloTimeoutMs: pick('helloTimeoutMs'),
    confirmWithinMs: pick('confirmWithinMs'),
    resumeWindowMs: pick('resumeWindowMs'),
    renewBeforeMs: pick('renewBeforeMs'),
    endDeadlineMs: pick('endDeadlineMs'),
    presenceGraceMs: pick('presenceGraceMs'),
    handlerTimeoutMs: pick('handlerTimeoutMs'),
    requestTimeoutMs: pick('requestTimeoutMs'),
    whenFull,
    ackDelayMs: serverDefaults.ackDelayMs,
    messageSize,
    // Four bytes at most for each code unit of the payload, frame included.
    batchSize: Math.max(limits.batchSize ?? serverDefaults.batchSize, messageSize * 4),
    window: limits.window ?? serverDefaults.window,
    buffer,
    pendingConnections: limits.pendingConnections ?? serverDefaults.pendingConnections,
    admissionsPerSecond: limits.admissionsPerSecond ?? serverDefaults.admissionsPerSecond,
    lostSessions: limits.lostSessions ?? serverDefaults.lostSessions,
    sessions: limits.sessions ?? serverDefaults.sessions,
    connectionsPerAddress: limits.connectionsPerAddress ?? serverDefaults.connectionsPerAddress,
    logLinesPerSecond: limits.logLinesPerSecond ?? serverDefaults.logLinesPerSecond,
  };
};
