import { silenceMsDefault } from '../../machines/liveness/liveness.js';
import type { SessionPolicy } from '../../machines/session/context.js';
import { defaultSessionPolicy } from '../../machines/session/session.machine.js';

/** How eagerly a client notices and comes back: quickly, or so that the device's radio may sleep. */
export type Profile = 'responsive' | 'batterySaver';

/** What a profile sets, in milliseconds. */
export interface ProfileTimes extends Pick<SessionPolicy, 'retry' | 'offlineRetryMs'> {
  /** Until silence is a loss where something is not acknowledged, on any but a slow link. */
  readonly silenceMs: number;
  /** Asked of the server; its own rhythm where undefined. */
  readonly pingEveryMs: number | undefined;
}

/** What each profile means. */
export const profiles: Readonly<Record<Profile, ProfileTimes>> = {
  responsive: {
    silenceMs: silenceMsDefault,
    pingEveryMs: undefined,
    retry: defaultSessionPolicy.retry,
    offlineRetryMs: defaultSessionPolicy.offlineRetryMs,
  },
  // A radio stays awake for some ten seconds after each packet: five seconds between pings never let it sleep, 25 do, and are less than the
  // 30 to 60 after which proxies forget a silent connection.
  batterySaver: {
    silenceMs: 6_000,
    pingEveryMs: 25_000,
    retry: { ...defaultSessionPolicy.retry, baseMs: 2_000, capMs: 120_000 },
    offlineRetryMs: 120_000,
  },
};
