import type { StoreFailure } from '../../machines/ports/store.js';
import { type Failure, failure } from '../../machines/reasons.js';

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
