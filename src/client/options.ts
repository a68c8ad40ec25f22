import type { ActorOptions, AnyActorLogic } from 'xstate';
import type { Host } from '../../machines/ports/host.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { Transport } from '../../machines/ports/transport.js';
import type { SessionPolicy } from '../../machines/session/context.js';
import { defaultSessionPolicy } from '../../machines/session/session.machine.js';
import type { StreamWindow } from '../../machines/stream/packets.js';
import type { AnyContract, Contract, DownOf, MessagePayload, MessageType } from '../stream/contract.js';
import type { MessageInfo } from '../stream/handlers.js';
import { type Profile, profiles } from './profiles.js';

/** Makes a transport for the host that the client runs on. */
export type TransportFactory = (host: Host) => Transport;

/** What a client may be told. Everything but the way to the server has a default. */
export interface ClientOptions<C extends Contract = AnyContract> extends Partial<Omit<SessionPolicy, 'retry'>> {
  /** The server's address, `ws:` or `wss:`. It means `transport: websocket({ url })`. */
  readonly url?: string;
  /** How the server is reached, where `url` is not enough: `websocket({ ... })`, `memory(server)`, or your own. */
  readonly transport?: Transport | TransportFactory;
  /** One of the server's API keys. It travels with the hello, never in the URL. */
  readonly apiKey?: string;
  /** Message handlers that are there before the first session starts. */
  readonly handlers?: { readonly [T in MessageType<DownOf<C>>]?: (payload: MessagePayload<DownOf<C>, T>, message: MessageInfo) => unknown };
  /** XState's own: an observer of the machine's inspection events. No credential or token passes through it. See `ninelives/inspect`. */
  readonly inspect?: ActorOptions<AnyActorLogic>['inspect'];
  /** How eagerly the client notices and comes back: `batterySaver` lets the radio sleep. Default: `responsive`. See the guide for the times. */
  readonly profile?: Profile;
  /**
   * Where a session is kept while its page is loaded again: `tab` means the tab's session storage. A start of the same user then resumes it, unconfirmed
   * messages included; `getSnapshot().persisted` says whether it is kept. What it stores includes the session's token. Default: nowhere.
   */
  readonly persist?: 'tab';
  /** How the tries to come back are spread. */
  readonly retry?: Partial<SessionPolicy['retry']>;
  /** How long one connection may take to open, in milliseconds. Default: 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long the server may take to answer the hello, in milliseconds. Default: 8,000, past the server's own limit for authentication. */
  readonly helloTimeoutMs?: number;
  /** How long a request waits for its answer where it says nothing else, in milliseconds. Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /** How long a message's handler may take before its signal is aborted, in milliseconds. Default: 30,000. */
  readonly handlerTimeoutMs?: number;
  /** What this client can hold of the server's messages. Requests run side by side: 1,024 at once, or as many as `messages` where that is more. Default: 1,024 messages, 1 MiB. */
  readonly window?: StreamWindow;
  /** What this client holds of its own messages until they are confirmed; a longer message is too large. As much again, for answers that the server has not received. Default: 10,000 messages, 16 MiB. */
  readonly buffer?: StreamWindow;
}

/** What a start needs. */
export interface StartOptions {
  /** Who starts the session: 1 to 256 characters. */
  readonly username: string;
  /**
   * The credential, for the server's `authenticate`: any JSON object, or an async function that gives one, asked anew for each fresh
   * authentication. Without it the session is a guest's.
   */
  readonly authParams?: JsonObject | ((context: { readonly signal: AbortSignal }) => JsonObject | Promise<JsonObject>);
  /** How long the start may take, tries included, in milliseconds. Default: 10,000. */
  readonly deadlineMs?: number;
  /** Takes the start back when aborted. */
  readonly signal?: AbortSignal;
}

/** The times and bounds that hold where an app names none. */
export const clientDefaults = {
  connectTimeoutMs: 5_000,
  helloTimeoutMs: 8_000,
  requestTimeoutMs: 10_000,
  handlerTimeoutMs: 30_000,
  /** A thousand small messages: more than a round trip's worth at any rate that one user produces. */
  window: { messages: 1_024, size: 1_048_576 },
  /** Minutes of a busy user's messages, within what a page's memory does not notice. */
  buffer: { messages: 10_000, size: 16_777_216 },
} as const;

/** Field by field, since options that an app passes on are often there and undefined, which a spread would take for a value. */
export const policyOf = ({
  profile,
  startDeadlineMs,
  endDeadlineMs,
  giveUpAfterMs,
  offlineRetryMs,
  retry,
}: ClientOptions): SessionPolicy => {
  const times = profiles[profile ?? 'responsive'];
  return {
    startDeadlineMs: startDeadlineMs ?? defaultSessionPolicy.startDeadlineMs,
    endDeadlineMs: endDeadlineMs ?? defaultSessionPolicy.endDeadlineMs,
    giveUpAfterMs: giveUpAfterMs ?? defaultSessionPolicy.giveUpAfterMs,
    offlineRetryMs: offlineRetryMs ?? times.offlineRetryMs,
    retry: {
      baseMs: retry?.baseMs ?? times.retry.baseMs,
      capMs: retry?.capMs ?? times.retry.capMs,
      healthyAfterMs: retry?.healthyAfterMs ?? times.retry.healthyAfterMs,
    },
  };
};
