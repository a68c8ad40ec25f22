import {
  type AdmissionRate,
  beginStart,
  initialRate,
  type RateStep,
  startDecided,
  turnAway,
  welcomeOne,
} from '../../machines/connection/admission-rate.js';
import type { Clock } from '../../machines/ports/host.js';
import type { Failure } from '../../machines/reasons.js';

/** The server's limit on admissions, on its clock: `machines/connection/admission-rate.ts` decides. */
export class AdmissionGate {
  readonly #clock: Pick<Clock, 'now'>;
  #rate: AdmissionRate;

  constructor(clock: Pick<Clock, 'now'>, perSecond: number) {
    this.#clock = clock;
    this.#rate = initialRate(perSecond);
  }

  /** Null: the start may be decided, and `decided` is to follow. */
  begin(): Failure | null {
    return this.#take(beginStart(this.#rate, this.#clock.now()));
  }

  decided(): void {
    this.#rate = startDecided(this.#rate);
  }

  /** Null: there is room for one more session right now, and it is taken. */
  welcome(): Failure | null {
    return this.#take(welcomeOne(this.#rate, this.#clock.now()));
  }

  /** When somebody for whom there is no room is to come again. */
  turnAway(): Failure {
    const [rate, busy] = turnAway(this.#rate, this.#clock.now());
    this.#rate = rate;
    return busy;
  }

  #take([rate, busy]: RateStep): Failure | null {
    this.#rate = rate;
    return busy;
  }
}
