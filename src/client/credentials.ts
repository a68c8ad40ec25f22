import type { Host } from '../../machines/ports/host.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { AbandonedSession, Openings, ResumeOpening, StartOpening } from '../../machines/ports/transport.js';
import { failure } from '../../machines/reasons.js';
import type { Positions } from '../../machines/stream/packets.js';
import { authParamsProblem } from '../wire/username.js';
import type { StartOptions } from './options.js';

/** 256 bits as base64url: what a session's token is. */
const tokenBytes = 32;

const drawToken = (host: Pick<Host, 'randomBytes'>): string =>
  btoa(String.fromCharCode(...host.randomBytes(tokenBytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** What a transport is told where the app's authParams can not be had. */
class CredentialFailure extends Error {
  readonly failure;
  constructor(code: 'AuthParamsUnavailableError' | 'InvalidAuthParamsError', detail: string) {
    super(code);
    this.failure = failure(code, detail);
  }
}

/**
 * A client's secrets, in one place that only a transport reads: never in an event, a context, a snapshot or a message of an error.
 */
export class Credentials {
  readonly #host: Pick<Host, 'randomBytes'>;
  #username = '';
  #authParams: StartOptions['authParams'];
  /** The token of the session that is being started: the same for all tries of one start. */
  #starting: string | null = null;
  #session: { readonly id: string; readonly token: string; nextToken: string | null } | null = null;
  #abandoned: AbandonedSession | null = null;

  constructor(host: Pick<Host, 'randomBytes'>) {
    this.#host = host;
  }

  /** A start begins. */
  begin({ username, authParams }: Pick<StartOptions, 'username' | 'authParams'>): void {
    this.#username = username;
    this.#authParams = authParams;
    this.#starting = drawToken(this.#host);
    this.#session = null;
  }

  /** A session was welcomed under the token of its start. */
  started(sessionId: string): void {
    this.#session = { id: sessionId, token: this.#starting ?? '', nextToken: null };
    this.#starting = null;
    this.#abandoned = null;
  }

  /** It is over, or never was. `abandoned`: the server does not know that yet, and is told with the next hello. */
  end(abandoned: boolean): void {
    if (abandoned && this.#session !== null) this.#abandoned = { sessionId: this.#session.id, token: this.#session.token };
    this.#session = null;
    this.#starting = null;
    this.#authParams = undefined;
  }

  /** What the next link opens with. */
  openings(fixed: Pick<Openings, 'apiKey' | 'agent' | 'window'>, positions: Positions | null): Openings {
    return {
      ...fixed,
      abandoned: this.#abandoned,
      resume: positions === null ? null : this.#resume(positions),
      start: (signal) => this.#start(signal),
    };
  }

  #resume(positions: Positions): ResumeOpening | null {
    if (this.#session === null) return null;
    this.#session.nextToken ??= drawToken(this.#host);
    return { sessionId: this.#session.id, tokens: [this.#session.token], nextToken: this.#session.nextToken, positions };
  }

  async #start(signal: AbortSignal): Promise<StartOpening> {
    this.#starting ??= drawToken(this.#host);
    const token = this.#starting;
    const authParams = typeof this.#authParams === 'function' ? await this.#ask(this.#authParams, signal) : this.#authParams;
    if (authParams === undefined) return { username: this.#username, token };
    const problem = authParamsProblem(authParams);
    if (problem !== null) throw new CredentialFailure('InvalidAuthParamsError', problem);
    return { username: this.#username, token, authParams };
  }

  /** What the function throws is the app's own: it may hold the credential, so that none of it goes into the failure. */
  async #ask(ask: Exclude<StartOptions['authParams'], JsonObject | undefined>, signal: AbortSignal): Promise<JsonObject> {
    try {
      return await ask({ signal });
    } catch {
      throw new CredentialFailure('AuthParamsUnavailableError', 'It threw or rejected.');
    }
  }
}
