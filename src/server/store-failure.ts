import { either as E, type taskEither as TE } from 'fp-ts';
import type { StoreFailure, StoreTask } from '../../machines/ports/store.js';
import { type Failure, failure } from '../../machines/reasons.js';
import { messageOf } from '../errors.js';

/** A store's answer in the words of the public API. */
export const failureOfStore = (what: StoreFailure): Failure => {
  switch (what.kind) {
    case 'unavailable':
      return what.failure;
    case 'nameRegistered':
      return failure('AccessDeniedError');
    case 'userExists':
      return failure('UserExistsError', `Name: ${JSON.stringify(what.name)}.`);
    case 'sessionUnknown':
      return failure('SessionUnknownError', `Id: ${what.id}.`);
    case 'userUnknown':
      return failure('UserUnknownError', `Id: ${what.id}.`);
  }
};

/** Ask a store. One that throws or rejects, against its contract, has failed: it must not take the server with it. */
export const askingStore =
  <A>(ask: () => StoreTask<A>): TE.TaskEither<Failure, A> =>
  async () => {
    try {
      return E.mapLeft(failureOfStore)(await ask()());
    } catch (thrown) {
      return E.left(failure('StoreUnavailableError', messageOf(thrown)));
    }
  };
