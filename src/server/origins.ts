import type { RequestInfo } from '../../machines/ports/authenticator.js';

const loopbackNames = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The origin that is refused, or null. A page may connect from the host it was loaded from, from this machine, and from the origins that are
 * listed; what sends no origin is no page.
 */
export const originProblem = (listed: readonly string[], { origin, headers }: Pick<RequestInfo, 'origin' | 'headers'>): string | null => {
  if (origin === null || listed.includes(origin)) return null;
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url !== null && (url.host === headers.host || loopbackNames.test(url.hostname))) return null;
  // An origin is what a stranger's browser says: shown as what it is, and no longer than one.
  return JSON.stringify(origin.slice(0, 100));
};
