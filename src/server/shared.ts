import type { Clock } from '../../machines/ports/host.js';
import type { StreamTermsKept } from '../../machines/ports/store.js';
import { type ConversationTerms, termsOf } from '../stream/terms.js';
import type { TurnPlan } from '../stream/turn-end.js';
import { renewalFeature, resumeFeature, signInFeature, volatileFeature } from '../wire/limits.js';
import type { Settings } from './options.js';

/** What one client's terms are made of. */
type Asked = Pick<StreamTermsKept, 'window' | 'features'>;

/** How many different ones are kept. Clients of an app say the same few; those of a stranger who names another window each are not shared. */
const sharedMax = 64;

/** What sessions have in common that agreed on the same: one object for all of them, as each would be a good part of an idle session's memory. */
export class Shared {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #turnEnd: TurnPlan;
  readonly #terms = new Map<string, ConversationTerms>();
  readonly #features = new Map<string, readonly string[]>();

  constructor(settings: Settings, clock: Clock, turnEnd: TurnPlan) {
    this.#settings = settings;
    this.#clock = clock;
    this.#turnEnd = turnEnd;
  }

  /** What holds for a conversation with a client of this window and these features. */
  terms({ window, features }: Asked): ConversationTerms {
    const { window: ownWindow, buffer, handlerTimeoutMs, messageSize, ackDelayMs } = this.#settings;
    const volatile = features.includes(volatileFeature);
    return kept(this.#terms, `${window.messages} ${window.size} ${volatile}`, () =>
      termsOf(
        { clock: this.#clock, ownWindow, buffer, handlerTimeoutMs, turnEnd: this.#turnEnd },
        { peerWindow: window, messageSizeMax: messageSize, ackDelayMs, volatile },
      ),
    );
  }

  /** Those that the client lists and this server has. */
  features({ features, keptMs }: Pick<StreamTermsKept, 'features' | 'keptMs'>): readonly string[] {
    const own = keptMs > 0 ? resumable : notResumable;
    const agreed = own.filter((feature) => features.includes(feature));
    return kept(this.#features, agreed.join(' '), () => agreed);
  }
}

const notResumable: readonly string[] = [renewalFeature, signInFeature];
const resumable: readonly string[] = [resumeFeature, ...notResumable];

const kept = <Value>(all: Map<string, Value>, key: string, make: () => Value): Value => {
  const found = all.get(key);
  if (found !== undefined) return found;
  const made = make();
  if (all.size < sharedMax) all.set(key, made);
  return made;
};
