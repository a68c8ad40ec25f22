import type { Host } from '../../machines/ports/host.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { AbandonedSession, Openings, RenewalOpening, ResumeOpening, StartOpening } from '../../machines/ports/transport.js';
import { type Failure, failure } from '../../machines/reasons.js';
import type { Positions, SignInItem } from '../../machines/stream/packets.js';
import { tokenLength } from '../wire/limits.js';
import { authParamsProblem, usernameProblem } from '../wire/username.js';
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
  readonly failure: Failure;
  constructor(what: Failure) {
    super(what.code);
    this.failure = what;
  }
}

type Given = { readonly authParams: JsonObject } | { readonly failure: Failure };

const refused = (problem: string): Given => ({ failure: failure('InvalidAuthParamsError', `It ${problem}.`) });

/** AuthParams as JSON has them: a copy, so that a transport can write them, and what the app does to its object later changes nothing. */
const copyOf = (given: unknown): Given => {
  const problem = authParamsProblem(given);
  if (problem !== null) return refused(problem);
  try {
    const copy: unknown = JSON.parse(JSON.stringify(given));
    const left = authParamsProblem(copy);
    return left === null ? { authParams: copy as JsonObject } : refused(left);
  } catch {
    // What is thrown may quote the credential.
    return refused('can not be written as JSON');
  }
};

/** Who is to be let in, and with what: input that no server needs to be asked about, or what is wrong with it. */
export type Claim = Pick<StartOptions, 'username' | 'authParams'>;

export const claimOf = (options: StartOptions): Claim | { readonly failure: Failure } => {
  const problem = usernameProblem(options?.username);
  if (problem !== null) return { failure: failure('InvalidUsernameError', `It ${problem}.`) };
  const { username, authParams } = options;
  if (authParams === undefined || typeof authParams === 'function') return { username, authParams };
  const given = copyOf(authParams);
  return 'failure' in given ? given : { username, authParams: given.authParams };
};

export interface KeptTokens {
  readonly id: string;
  readonly token: string;
  nextToken: string | null;
}

/**
 * What may be the current one: a token that was offered and not heard of may have taken effect. The same is offered until that is known, so
 * that there are never more than two.
 */
const tokensOf = ({ token, nextToken }: KeptTokens): readonly string[] => (nextToken === null ? [token] : [token, nextToken]);

/**
 * A client's secrets, in one place that only a transport reads: never in an event, a context, a snapshot or a message of an error.
 */
export class Credentials {
  readonly #host: Pick<Host, 'randomBytes'>;
  #username = '';
  #authParams: StartOptions['authParams'];
  /** The token of the session that is being started: the same for all tries of one start. */
  #starting: string | null = null;
  #session: KeptTokens | null = null;
  #abandoned: AbandonedSession | null = null;
  /** Who wants to sign in. */
  #signingIn: Claim | null = null;
  /** How often the session was restored. */
  #life = 0;
  readonly #drawn: () => void;

  /** `drawn`: there is another token, and it has not left yet. */
  constructor(host: Pick<Host, 'randomBytes'>, drawn: () => void = () => undefined) {
    this.#host = host;
    this.#drawn = drawn;
  }

  /** The session's tokens. For what keeps them where the app asked for that, and for nobody else. */
  get kept(): Readonly<KeptTokens> | null {
    return this.#session;
  }

  /** A session that an earlier page left is to go on. */
  restore({ id, token, nextToken, life }: Readonly<KeptTokens> & { readonly life: number }): void {
    this.#session = { id, token, nextToken };
    this.#life = life;
  }

  /** A session that an earlier page left does not go on: the server is told with the next hello. */
  abandon({ id, token, nextToken }: Readonly<KeptTokens>): void {
    this.#abandoned = { sessionId: id, tokens: tokensOf({ id, token, nextToken }) };
  }

  /** A start begins. */
  begin({ username, authParams }: Claim): void {
    this.#username = username;
    this.#authParams = authParams;
    this.#starting = drawToken(this.#host);
    this.#session = null;
    this.#signingIn = null;
  }

  /** A session was welcomed under the token of its start. */
  started(sessionId: string): void {
    this.#session = { id: sessionId, token: this.#starting ?? '', nextToken: null };
    this.#life = 0;
    this.#starting = null;
    this.#abandoned = null;
    this.#signingIn = null;
  }

  /** The session goes on, or has a new credential: the token that was offered for it is the current one. */
  rotated(): void {
    if (this.#session === null) return;
    const { id, token, nextToken } = this.#session;
    this.#session = { id, token: nextToken ?? token, nextToken: null };
    this.#starting = null;
  }

  /** It is over, or never was. `abandoned`: the server does not know that yet, and is told with the next hello. */
  end(abandoned: boolean): void {
    if (abandoned && this.#session !== null) this.#abandoned = { sessionId: this.#session.id, tokens: tokensOf(this.#session) };
    this.#session = null;
    this.#starting = null;
    this.#signingIn = null;
    this.#authParams = undefined;
  }

  /** The session can not be taken up again: the next link asks for a fresh start. */
  startAnew(): void {
    this.#session = null;
  }

  /** What the next link opens with. */
  openings(fixed: Pick<Openings, 'apiKey' | 'agent' | 'window'>, positions: Positions | null): Openings {
    return {
      ...fixed,
      abandoned: this.#abandoned,
      resume: positions === null ? null : this.#resume(positions),
      start: (signal) => this.#start(signal),
      renewal: (signal) => this.#renewal(signal),
    };
  }

  /** The authParams of a claim: the app's function is asked. */
  async paramsOf({ authParams }: Claim, signal = new AbortController().signal): Promise<Given> {
    try {
      const given = typeof authParams === 'function' ? await this.#ask(authParams, signal) : authParams;
      return copyOf(given);
    } catch (error) {
      return { failure: (error as CredentialFailure).failure };
    }
  }

  /** A sign-in begins. It brings a token of its own each time that it is shipped: one that a resume made current meanwhile was the former user's. */
  signIn(claim: Claim, authParams: JsonObject): { readonly credential: SignInItem['credential']; readonly size: number } {
    const { username } = claim;
    this.#signingIn = claim;
    return {
      credential: () => ({ username, authParams, token: this.#next() }),
      size: JSON.stringify({ username, authParams }).length + tokenLength,
    };
  }

  /** The session is the one's who signed in: with their credential it is renewed, and begun anew. */
  signedIn(): void {
    if (this.#signingIn !== null) {
      this.#username = this.#signingIn.username;
      this.#authParams = this.#signingIn.authParams;
    }
    this.#signingIn = null;
    this.rotated();
  }

  /** The token stays the next one: a resume that was not answered may have offered it, and then it may be the current one. [R57] */
  signInRefused(): void {
    this.#signingIn = null;
  }

  #next(): string {
    if (this.#session === null) return drawToken(this.#host);
    if (this.#session.nextToken === null) {
      this.#session.nextToken = drawToken(this.#host);
      this.#drawn();
    }
    return this.#session.nextToken;
  }

  async #renewal(signal: AbortSignal): Promise<RenewalOpening> {
    if (this.#authParams === undefined) throw new CredentialFailure(failure('InvalidAuthParamsError', 'The start had none.'));
    const given = await this.paramsOf({ username: this.#username, authParams: this.#authParams }, signal);
    if ('failure' in given) throw new CredentialFailure(given.failure);
    return { authParams: given.authParams, token: this.#next() };
  }

  #resume(positions: Positions): ResumeOpening | null {
    if (this.#session === null) return null;
    const { id } = this.#session;
    const tokens = tokensOf(this.#session);
    return { sessionId: id, tokens, nextToken: this.#next(), positions, life: this.#life };
  }

  async #start(signal: AbortSignal): Promise<StartOpening> {
    this.#starting ??= drawToken(this.#host);
    const token = this.#starting;
    const username = this.#username;
    const authParams = this.#authParams;
    if (authParams === undefined) return { username, token };
    // Nothing is an answer that makes no guest of a user.
    const given = await this.paramsOf({ username, authParams }, signal);
    if ('failure' in given) throw new CredentialFailure(given.failure);
    return { username, token, authParams: given.authParams };
  }

  /** What the function throws is the app's own: it may hold the credential, so that none of it goes into the failure. */
  async #ask(ask: Exclude<StartOptions['authParams'], JsonObject | undefined>, signal: AbortSignal): Promise<unknown> {
    try {
      return await ask({ signal });
    } catch {
      throw new CredentialFailure(failure('AuthParamsUnavailableError', 'It threw or rejected.'));
    }
  }
}
