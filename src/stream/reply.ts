import type { JsonText } from '../../machines/stream/packets.js';
import type { StreamState } from '../../machines/stream/state.js';
import { errorOf, type NineLivesError } from '../errors.js';
import { toJsonText } from '../wire/payload.js';

/**
 * What a handler gave as the text of a reply, or why it can not be sent. An honest asker may ask for more text at once than can be kept until it has
 * it: that costs it this reply, and not its session.
 */
export const replyText = (
  value: unknown,
  sizeMax: number,
  { heldAnswers, limits }: Pick<StreamState, 'heldAnswers' | 'limits'>,
): { readonly json: JsonText } | { readonly error: NineLivesError } => {
  const text = toJsonText(value === undefined ? null : value, sizeMax);
  if (!text.ok) return { error: errorOf(text.code, text.detail) };
  const room = limits.answers.size - heldAnswers.size;
  if (text.json.length <= room) return { json: text.json };
  return { error: errorOf('BufferFullError', `A reply has ${text.json.length} characters; ${room} are left for answers.`) };
};
