import type { JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import type { Failure } from '../../machines/reasons.js';
import { errorOf, NineLivesError } from '../errors.js';
import type { Result } from '../result.js';
import { type Claim, type Credentials, claimOf } from './credentials.js';
import type { Links } from './links.js';
import type { StartOptions } from './options.js';
import type { ClientSession } from './session.js';

/** What a sign-in needs. */
export type SignInOptions = Required<Pick<StartOptions, 'username' | 'authParams'>>;

/** What a sign-in or a renewal answers. Never a rejection. */
export type IdentityResult = Result<{ readonly user: User }>;

const failed = (error: NineLivesError): IdentityResult => ({ succeeded: false, failed: true, error });
const refused = (what: Failure): IdentityResult => failed(new NineLivesError(what));

/** Whom one session speaks for, and with what credential. One change at a time: each brings the session's next token. */
export class Identity {
  readonly #credentials: Credentials;
  readonly #links: Links;
  readonly #session: () => Pick<ClientSession, 'conversation' | 'user'> | null;
  #last: Promise<unknown> | null = null;
  #renewal: Promise<IdentityResult> | null = null;

  /** `session`: null once it is over. */
  constructor(credentials: Credentials, links: Links, session: () => Pick<ClientSession, 'conversation' | 'user'> | null) {
    this.#credentials = credentials;
    this.#links = links;
    this.#session = session;
  }

  async signIn(options: SignInOptions): Promise<IdentityResult> {
    try {
      const claim = claimOf(options);
      if ('failure' in claim) return refused(claim.failure);
      if (claim.authParams === undefined) return failed(errorOf('InvalidAuthParamsError', 'There are none.'));
      return await this.#inTurn(() => this.#signIn(claim));
    } catch (error) {
      return failed(errorOf('InvalidOptionError', 'Looking at it threw.', error));
    }
  }

  renew(): Promise<IdentityResult> {
    this.#renewal ??= this.#inTurn(() => this.#renew()).then((result) => {
      this.#renewal = null;
      return result;
    });
    return this.#renewal;
  }

  /** The server asks. What is under way brings a new credential, or the server asks again. */
  asked(): void {
    if (this.#last === null) void this.renew();
  }

  async #renew(): Promise<IdentityResult> {
    const session = this.#session();
    if (session === null) return failed(errorOf('NoActiveSessionError'));
    const { terms } = this.#links;
    if (terms !== null && terms.renewal !== true) return failed(errorOf('FeatureUnavailableError'));
    const problem = await this.#links.renew();
    return problem === null ? { succeeded: true, failed: false, user: session.user } : refused(problem);
  }

  async #signIn(claim: Claim): Promise<IdentityResult> {
    const { authParams } = claim;
    const conversation = this.#session()?.conversation;
    if (conversation?.canSignIn === false) return failed(errorOf('FeatureUnavailableError'));
    // An object is at hand: what the app sends next is behind it.
    const given = typeof authParams === 'function' ? await this.#credentials.paramsOf(claim) : { authParams: authParams as JsonObject };
    if ('failure' in given) return refused(given.failure);
    if (conversation === undefined || this.#session()?.conversation !== conversation) return failed(errorOf('NoActiveSessionError'));
    const { credential, size } = this.#credentials.signIn(claim, given.authParams);
    const result = await conversation.signIn(credential, size);
    if (result.succeeded) return { succeeded: true, failed: false, user: result.reply as User };
    if (this.#session()?.conversation === conversation) this.#credentials.signInRefused();
    return failed(result.error);
  }

  #inTurn(run: () => Promise<IdentityResult>): Promise<IdentityResult> {
    const mine = this.#last === null ? run() : this.#last.then(run);
    const last = mine.then(() => {
      if (this.#last === last) this.#last = null;
    });
    this.#last = last;
    return mine;
  }
}
