/**
 * `ninelives/fp`: the public results as fp-ts `Either` and `TaskEither`, and back.
 */
import { either as E, type taskEither as TE } from 'fp-ts';
import type { NineLivesError } from '../errors.js';

/** Any result of the public API: of a start, a request, or a call of the server. */
export type AnyResult =
  | { readonly succeeded: true; readonly error?: undefined }
  | { readonly succeeded: false; readonly error: NineLivesError };

type Succeeded<R extends AnyResult> = Extract<R, { readonly succeeded: true }>;

/**
 * A result as an `Either`: the error on the left, the result that succeeded on the right.
 *
 * @example
 * pipe(toEither(await kitty.startSession({ username: 'jane' })), E.map(({ session }) => session.id));
 */
export const toEither = <R extends AnyResult>(result: R): E.Either<NineLivesError, Succeeded<R>> =>
  result.succeeded ? E.right(result as Succeeded<R>) : E.left(result.error as NineLivesError);

/**
 * A call of the public API as a `TaskEither`.
 *
 * @example
 * const start = toTask(() => kitty.startSession({ username: 'jane' }));
 * const asked = pipe(start, TE.chain(({ session }) => toTask(() => session.request('price', { sku: 'a' }))));
 */
export const toTask =
  <R extends AnyResult>(call: () => Promise<R>): TE.TaskEither<NineLivesError, Succeeded<R>> =>
  async () =>
    toEither(await call());

export { type Result, toResult } from '../result.js';
