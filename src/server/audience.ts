import { errorOf, type NineLivesError } from '../errors.js';
import type { AnyContract, Contract, DownOf, MessagePayload, MessageType } from '../stream/contract.js';
import { problemOf, type SendOptions } from '../stream/send-options.js';
import { typeLengthMax } from '../wire/limits.js';
import { toJsonText } from '../wire/payload.js';
import type { LiveSession } from './session.js';

/** What sending to many answers, at once. */
export type AudienceResult =
  | {
      readonly accepted: true;
      /** How many sessions took the message. */
      readonly sessions: number;
      /** How many did not: they hold as much unconfirmed as they may, or are ending. */
      readonly refused: number;
      readonly error?: undefined;
    }
  | { readonly accepted: false; readonly error: NineLivesError; readonly sessions?: undefined; readonly refused?: undefined };

/** Some sessions, to be sent to as one: a user's, one, or everyone's. */
export interface Audience<C extends Contract = AnyContract> {
  /** Send a message to each of them. It is serialised once. Errors: InvalidTypeError, InvalidPayloadError, MessageTooLargeError, InvalidOptionError. */
  send<T extends MessageType<DownOf<C>>>(type: T, payload: MessagePayload<DownOf<C>, T>, options?: SendOptions): AudienceResult;
}

/** Whoever is there at the moment of the sending. */
export const audienceOf = (sessions: () => Iterable<LiveSession>, messageSizeMax: number): Audience => ({
  send: (type, payload, options) => {
    if (typeof type !== 'string' || type === '' || type.length > typeLengthMax)
      return { accepted: false, error: errorOf('InvalidTypeError') };
    const problem = problemOf(options ?? {});
    if (problem !== null) return { accepted: false, error: errorOf('InvalidOptionError', `It is \`${problem}\`.`) };
    const text = toJsonText(payload, messageSizeMax);
    if (!text.ok) return { accepted: false, error: errorOf(text.code, text.detail) };
    const item = { kind: 'message', type, payload: text.json } as const;
    let accepted = 0;
    let refused = 0;
    for (const session of sessions()) {
      if (session.conversation.sendItem(item, options).accepted) accepted += 1;
      else refused += 1;
    }
    return { accepted: true, sessions: accepted, refused };
  },
});
