import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { Settings } from './options.js';

const loopbackNames = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The origin that is refused, or null. A page may connect from the host it was loaded from, from this machine, and from the origins that are
 * listed; what sends no origin is no page. Without API keys the same host is not enough: a stranger's name can be made to mean this machine (DNS rebinding).
 */
export const originProblem = (
  { origins, apiKeys }: Pick<Settings, 'origins' | 'apiKeys'>,
  { origin, headers }: Pick<RequestInfo, 'origin' | 'headers'>,
): string | null => {
  if (origin === null || origins.includes(origin)) return null;
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url !== null && (loopbackNames.test(url.hostname) || (apiKeys.length > 0 && url.host === headers.host))) return null;
  // An origin is what a stranger's browser says: shown as what it is, and no longer than one.
  return JSON.stringify(origin.slice(0, 100));
};
