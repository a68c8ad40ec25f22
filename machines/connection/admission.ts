/** Who may enter: the rules alone, without asking anybody. Rules: docs/protocol.md, "Admission". */
import type { User } from '../ports/user.js';
import { type Failure, failure } from '../reasons.js';

/** What is known of a hello before anybody is asked. */
export interface HelloFacts {
  readonly version: number;
  readonly supportedVersion: number;
  /** `missing` and `unknown` only matter where the server has keys. */
  readonly apiKey: 'known' | 'unknown' | 'missing' | 'none needed' | 'loopback only';
  readonly origin: 'allowed' | { readonly refused: string };
  /** What is wrong with the username, or null. */
  readonly usernameProblem: string | null;
  /** What is wrong with the authParams, or null. */
  readonly authParamsProblem: string | null;
}

/** Null: nothing speaks against it. The order is that of what a caller can mend first. */
export const judgeHello = (facts: HelloFacts): Failure | null => {
  if (facts.version !== facts.supportedVersion)
    return failure('UnsupportedVersionError', `Asked for: ${facts.version}; known here: ${facts.supportedVersion}.`);
  if (facts.origin !== 'allowed') return failure('OriginNotAllowedError', `Origin: ${facts.origin.refused}.`);
  if (facts.apiKey === 'missing') return failure('InvalidApiKeyError', 'None was given.');
  if (facts.apiKey === 'unknown') return failure('InvalidApiKeyError');
  if (facts.apiKey === 'loopback only')
    return failure('InvalidApiKeyError', 'This server has no `apiKeys`, so that it serves this machine alone.');
  if (facts.usernameProblem !== null) return failure('InvalidUsernameError', facts.usernameProblem);
  if (facts.authParamsProblem !== null) return failure('InvalidAuthParamsError', facts.authParamsProblem);
  return null;
};

/** What is to be done about an attempt. */
export type AdmissionPlan =
  | { readonly kind: 'admitGuest' }
  | { readonly kind: 'authenticate' }
  /** The detail is for the server's log: what a caller learns is that access was denied. */
  | { readonly kind: 'deny'; readonly failure: Failure; readonly detail: string };

export interface AdmissionFacts {
  readonly hasAuthParams: boolean;
  /** The user of that name, where there is one. */
  readonly user: Pick<User, 'isGuest'> | null;
  readonly guestsAllowed: boolean;
  readonly hasAuthenticator: boolean;
}

const deny = (detail: string): AdmissionPlan => ({ kind: 'deny', failure: failure('AccessDeniedError'), detail });

/** Guests enter under names that nobody registered; credentials are for the app to judge. */
export const planAdmission = ({ hasAuthParams, user, guestsAllowed, hasAuthenticator }: AdmissionFacts): AdmissionPlan => {
  if (hasAuthParams)
    return hasAuthenticator ? { kind: 'authenticate' } : deny('authParams came, but the server has no `authenticate` to judge them.');
  if (user !== null && !user.isGuest) return deny('The name is registered, and no authParams came.');
  return guestsAllowed ? { kind: 'admitGuest' } : deny('Guests are not let in (`guests`), and no authParams came.');
};
