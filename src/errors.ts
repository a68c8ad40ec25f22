import { type Failure, failure, type ReasonCode, reasons } from '../machines/reasons.js';
import { remedyOf } from '../machines/remedies.js';

/**
 * What every failure of the public API is: a real `Error` with a stable code.
 *
 * @example
 * const result = await kitty.startSession({ username: 'jane' });
 * if (result.failed && result.error.code === 'AccessDeniedError') askForPassword();
 */
export class NineLivesError extends Error {
  /** Stable; one of the codes of docs/errors.md. */
  readonly code: ReasonCode;
  /** May the same call succeed later without any change on the caller's side? */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly remedy: string;
  /** How long the server asks to wait before the next call, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(what: Failure, cause?: unknown) {
    const reported = cause ?? (what.cause === undefined ? undefined : new NineLivesError(what.cause));
    const remedy = remedyOf(what.code);
    super(`${what.message} ${remedy}`, reported === undefined ? undefined : { cause: reported });
    this.name = what.code;
    this.code = what.code;
    this.retryable = reasons[what.code].retryable;
    this.remedy = remedy;
    this.retryAfterMs = what.retryAfterMs;
  }
}

/** An error by its code, with a detail where there is one. */
export const errorOf = (code: ReasonCode, detail?: string, cause?: unknown): NineLivesError =>
  new NineLivesError(failure(code, detail), cause);

/** The message of whatever was thrown. Never throws itself: a thrown value may be anything. */
export const messageOf = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'something that can not be shown was thrown';
  }
};
