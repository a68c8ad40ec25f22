import { describeThrown } from '../../adapters/auth/describe.js';
import { refusal } from '../../adapters/auth/refuse.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import { normalAddress } from './addresses.js';
import { isLoopback } from './admission.js';
import type { Logger } from './logger.js';
import type { AddressOf } from './options.js';

/**
 * A request with the address that the app's `addressOf` says. What it says is what somebody wrote into a header: who is not on this machine does not become so by it,
 * and what is no address changes nothing.
 */
export const located = (ask: AddressOf | undefined, request: RequestInfo, log: Pick<Logger, 'warn' | 'error'>): RequestInfo => {
  if (ask === undefined) return request;
  let said: unknown;
  try {
    said = ask(request);
  } catch (thrown) {
    // What it threw may quote the request's cookies.
    const { detail } = refusal('AccessDeniedError', { authParams: {}, request }, describeThrown(thrown));
    log.error({ detail }, "the `addressOf` function failed: the socket's address is taken");
    return request;
  }
  if (said === null || said === undefined) return request;
  const remoteAddress = typeof said === 'string' ? normalAddress(said) : null;
  if (remoteAddress === null) {
    log.warn(
      { remoteAddress: request.remoteAddress },
      "the `addressOf` function gave what is no IP address: the socket's address is taken",
    );
    return request;
  }
  if (isLoopback(remoteAddress) && !isLoopback(request.remoteAddress)) return request;
  return { ...request, remoteAddress };
};
