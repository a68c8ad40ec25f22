import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { Clock } from '../../machines/ports/host.js';
import type { Guests } from './options.js';

/** What an app's word on a guest came to. */
export type GuestVerdict =
  | { readonly kind: 'said'; readonly allowed: boolean }
  | { readonly kind: 'threw'; readonly thrown: unknown }
  | { readonly kind: 'late' };

export type AskedGuests = Exclude<Guests, boolean>;

export interface GuestQuestion {
  readonly username: string;
  readonly request: RequestInfo;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Ask whether a guest may enter, for no longer than `limitMs`. Never rejects; what the app's function comes to after that is dropped. */
export const askGuests = (
  guests: AskedGuests,
  { username, request, signal }: GuestQuestion,
  limitMs: number,
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>,
): Promise<GuestVerdict> => {
  return new Promise((resolve) => {
    const settle = (verdict: GuestVerdict): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', late);
      resolve(verdict);
    };
    const late = (): void => settle({ kind: 'late' });
    const timer = clock.setTimeout(late, limitMs);
    signal.addEventListener('abort', late, { once: true });
    Promise.resolve({ username, request })
      .then(guests)
      // Only a plain yes lets anyone in.
      .then(
        (answer) => settle({ kind: 'said', allowed: answer === true }),
        (thrown: unknown) => settle({ kind: 'threw', thrown }),
      );
  });
};
