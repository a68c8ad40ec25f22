import type { Either } from '../machines/ports/either.js';
import type { Failure } from '../machines/reasons.js';
import { NineLivesError } from './errors.js';

/** What fallible calls of the public API answer: `succeeded` with what was asked for, or `failed` with the error. Never a rejection. */
export type Result<Found extends object> =
  | ({ readonly succeeded: true; readonly failed: false; readonly error?: undefined } & Found)
  | ({ readonly succeeded: false; readonly failed: true; readonly error: NineLivesError } & { readonly [K in keyof Found]?: undefined });

/**
 * The one way from an `Either` to the public result: `found` names what is inside.
 *
 * @example
 * toResult(either, (user) => ({ user }));   // { succeeded: true, failed: false, user } or { succeeded: false, failed: true, error }
 */
export const toResult = <A, Found extends object>(
  either: Either<Failure | NineLivesError, A>,
  found: (value: A) => Found,
): Result<Found> => {
  if (either._tag === 'Right') return { succeeded: true, failed: false, ...found(either.right) } as Result<Found>;
  const error = either.left instanceof NineLivesError ? either.left : new NineLivesError(either.left);
  return { succeeded: false, failed: true, error } as Result<Found>;
};
