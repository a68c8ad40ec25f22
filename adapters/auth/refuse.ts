import type { Admittance, Attempt, Refusal } from '../../machines/ports/authenticator.js';
import type { Either } from '../../machines/ports/either.js';
import { credentialsIn } from './credentials.js';
import { scrub } from './scrub.js';

/** What an authenticator answers. */
export type Verdict = Either<Refusal, Admittance>;

/** A line of a log that a person still reads. */
const DETAIL_CHARS_MAX = 1000;

// A message from outside must not be able to write lines of its own into a log.
const CONTROL_CHARACTERS = /\p{Cc}+/gu;

/**
 * A refusal with its detail made fit for a log: the credentials that the attempt holds are taken out, it stays on one line and has an
 * end. Every refusal of these adapters is made here, so that none can forget it.
 */
export const refusal = (code: Refusal['code'], attempt: Pick<Attempt, 'authParams' | 'request'>, detail: string): Refusal => ({
  code,
  // Scrubbed before it is clipped: a secret that was cut in two would no longer be found.
  detail: scrub(detail, credentialsIn(attempt)).replace(CONTROL_CHARACTERS, ' ').slice(0, DETAIL_CHARS_MAX),
});
