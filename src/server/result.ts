import type { Either } from '../../machines/ports/either.js';
import type { StoreFailure } from '../../machines/ports/store.js';
import { type Failure, failure } from '../../machines/reasons.js';
import { NineLivesError } from '../errors.js';

/** What fallible calls of the server answer: `succeeded` with what was asked for, or `failed` with the error. */
export type Result<Found extends object> =
  | ({ readonly succeeded: true; readonly failed: false; readonly error?: undefined } & Found)
  | ({ readonly succeeded: false; readonly failed: true; readonly error: NineLivesError } & { readonly [K in keyof Found]?: undefined });

/** The one way from an `Either` to the public result: `found` names what is inside. */
export const toResult = <A, Found extends object>(either: Either<Failure, A>, found: (value: A) => Found): Result<Found> =>
  either._tag === 'Right'
    ? ({ succeeded: true, failed: false, ...found(either.right) } as Result<Found>)
    : ({ succeeded: false, failed: true, error: new NineLivesError(either.left) } as Result<Found>);

/** A store's answer in the words of the public API. */
export const failureOfStore = (what: StoreFailure): Failure => {
  switch (what.kind) {
    case 'unavailable':
      return what.failure;
    case 'nameRegistered':
      return failure('AccessDeniedError');
    case 'userExists':
      return failure('UserExistsError', `Name: ${JSON.stringify(what.name)}.`);
    case 'userUnknown':
      return failure('UserUnknownError', `Id: ${what.id}.`);
  }
};
