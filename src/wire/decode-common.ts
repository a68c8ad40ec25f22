/**
 * What both decoders share. Written by hand, without io-ts, because it runs in the client's bundle and once for each message; a
 * property test holds it equal to `codecs.ts`. A reader gives the frame, or says as a string what it expected: never what it found.
 */
import type { JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import { reasonFromPeer } from '../../machines/reasons.js';
import type { Exception, ItemOptions, StreamWindow } from '../../machines/stream/packets.js';
import type { CommonFrame, Decoded, DenyFields, PositionFields } from './frames.js';
import { codeLengthMax, detailLengthMax, featureLengthMax, featuresMax, framesPerBatchMax, typeLengthMax, waitMsMax } from './limits.js';

export type Fields = readonly unknown[];
/** What was expected. */
export type Expected = string;

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isText = (value: unknown, lengthMin: number, lengthMax: number): value is string =>
  typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax;

/** Is every character a letter, a digit, `-` or `_`? */
export const isBase64url = (value: unknown, lengthMin: number, lengthMax: number): value is string =>
  isText(value, lengthMin, lengthMax) && /^[\w-]+$/.test(value);

export const isFeatures = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= featuresMax && value.every((feature) => isText(feature, 1, featureLengthMax));

/** [R9] */
export const wait = (ms: number): number => Math.min(ms, waitMsMax);

export const readWindow = (value: unknown): StreamWindow | null =>
  isObject(value) && isCount(value.messages) && isCount(value.size) ? { messages: value.messages, size: value.size } : null;

const readExceptions = (value: unknown): readonly Exception[] | null => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return null;
  const exceptions: Exception[] = [];
  for (const pair of value) {
    if (!Array.isArray(pair) || !isNumber(pair[0])) return null;
    const outcome: unknown = pair[1];
    if (outcome !== 'failed' && outcome !== 'unhandled' && outcome !== 'expired') return null;
    exceptions.push({ number: pair[0], outcome });
  }
  return exceptions;
};

export const readPositions = (value: unknown): PositionFields | null => {
  if (!isObject(value)) return null;
  const { received, done, seen, last } = value;
  const exceptions = readExceptions(value.exceptions);
  return exceptions && isCount(received) && isCount(done) && isCount(seen) && isCount(last)
    ? { received, done, seen, last, exceptions }
    : null;
};

export const readDeny = (value: unknown): DenyFields | null => {
  if (!isObject(value)) return null;
  const { code, message, retryAfterMs, spreadMs } = value;
  if (!isText(code, 0, codeLengthMax) || typeof message !== 'string') return null;
  if (retryAfterMs !== undefined && !isCount(retryAfterMs)) return null;
  if (spreadMs !== undefined && !isCount(spreadMs)) return null;
  return {
    code: reasonFromPeer(code),
    message: message.slice(0, detailLengthMax),
    ...(retryAfterMs !== undefined && { retryAfterMs: wait(retryAfterMs) }),
    ...(spreadMs !== undefined && { spreadMs: wait(spreadMs) }),
  };
};

export const readUser = (value: unknown): User | null => {
  if (!isObject(value) || !isObject(value.presence) || !isObject(value.properties)) return null;
  const { id, name, displayName, displayPictureUrl, isGuest, properties } = value;
  const { status, online } = value.presence;
  if (!isNumber(id) || typeof name !== 'string' || typeof displayName !== 'string' || typeof isGuest !== 'boolean') return null;
  if (displayPictureUrl !== null && typeof displayPictureUrl !== 'string') return null;
  if (typeof status !== 'string' || typeof online !== 'boolean') return null;
  const presence = { status, online };
  return { id, name, displayName, displayPictureUrl, isGuest, presence, properties: properties as JsonObject };
};

const aType = 'a type at 1';
const aPayload = 'a payload at 2';
const aRequest = 'the number of a request at 1';

const readOptions = (value: unknown): ItemOptions | Expected => {
  if (!isObject(value)) return 'options as an object';
  const { ttlMs, re } = value;
  if (ttlMs !== undefined && !isCount(ttlMs)) return 'ttlMs as a count';
  if (re !== undefined && re !== true) return 're as true';
  return { ...(ttlMs !== undefined && { ttlMs: wait(ttlMs) }), ...(re && { redelivered: true }) };
};

/** The frames that both sides may say; null for all other tags. Those that come with every message are asked for first. */
export const readCommon = (tag: string, f: Fields, size: number): CommonFrame | Expected | null => {
  switch (tag) {
    case 'm': {
      const type = f[1];
      if (!isText(type, 1, typeLengthMax)) return aType;
      if (f.length < 3) return aPayload;
      if (f[3] === undefined) return { kind: 'message', type, payload: f[2], size };
      const options = readOptions(f[3]);
      return typeof options === 'string' ? options : { kind: 'message', type, payload: f[2], options, size };
    }
    case 'q': {
      const type = f[1];
      if (!isText(type, 1, typeLengthMax)) return aType;
      if (!isCount(f[2])) return 'a timeout at 2';
      if (f.length < 4) return 'a payload at 3';
      const timeoutMs = wait(f[2]);
      if (f[4] === undefined) return { kind: 'request', type, payload: f[3], timeoutMs, size };
      const options = readOptions(f[4]);
      return typeof options === 'string' ? options : { kind: 'request', type, payload: f[3], timeoutMs, options, size };
    }
    case 'a': {
      const [, received, done, last, seen] = f;
      if (!isCount(received) || !isCount(done) || !isCount(last) || !isCount(seen)) return 'four counts';
      const exceptions = readExceptions(f[5]);
      return exceptions ? { kind: 'ack', received, done, last, seen, exceptions } : 'exceptions at 5';
    }
    case 'r': {
      if (!isNumber(f[1])) return aRequest;
      return f.length < 3 ? aPayload : { kind: 'reply', to: f[1], payload: f[2], size };
    }
    case 'x': {
      const [, to, code, message] = f;
      if (!isNumber(to)) return aRequest;
      if (!isText(code, 0, codeLengthMax) || typeof message !== 'string') return 'a code and a text';
      return { kind: 'failure', to, code: reasonFromPeer(code), message: message.slice(0, detailLengthMax), size };
    }
    case 'c':
      return isNumber(f[1]) ? { kind: 'cancel', to: f[1], size } : aRequest;
    case 'v': {
      if (!isText(f[1], 1, typeLengthMax)) return aType;
      return f.length < 3 ? aPayload : { kind: 'volatile', type: f[1], payload: f[2] };
    }
    case 's':
      return isNumber(f[1]) ? { kind: 'skip', count: f[1] } : 'a count from 1 at 1';
    case 'e':
      return { kind: 'end', size };
    case 'ping':
    case 'pong':
      return isCount(f[1]) ? { kind: tag, id: f[1] } : 'an id at 1';
    case 'bye': {
      const bye = readDeny(f[1]);
      if (!bye) return 'a refusal at 1';
      const value = (f[1] as Record<string, unknown>).positions;
      if (value === undefined) return { kind: 'bye', bye };
      const positions = readPositions(value);
      return positions ? { kind: 'bye', bye, positions } : 'positions';
    }
    default:
      return null;
  }
};

export const refuse = (detail: string, code: 'ProtocolError' | 'MessageTooLargeError' = 'ProtocolError'): Decoded<never> => ({
  ok: false,
  code,
  detail,
});

/** `read` gives a frame, what it expected, or null for a tag it does not know. No text makes this throw. */
export const decodeBatch = <Frame extends object>(
  text: string,
  read: (tag: string, fields: Fields, size: number) => Frame | Expected | null,
): Decoded<Frame> => {
  let batch: unknown;
  try {
    batch = JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
  // [R4]
  if (!Array.isArray(batch) || batch.length === 0 || batch.length > framesPerBatchMax) {
    return refuse(`expected an array of 1 to ${framesPerBatchMax} frames`);
  }
  const size = Math.ceil(text.length / batch.length);
  const frames: Frame[] = [];
  for (let i = 0; i < batch.length; i++) {
    const fields: unknown = batch[i];
    const tag: unknown = Array.isArray(fields) ? fields[0] : null;
    // [R5]
    if (typeof tag !== 'string') return refuse(`frame ${i}: expected an array with a tag`);
    const frame = read(tag, fields as Fields, size);
    // [R7] An unknown tag is not repeated: it is the sender's text.
    if (frame === null) return refuse(`frame ${i}: expected a known tag`);
    if (typeof frame === 'string') return refuse(`frame ${i} "${tag}": expected ${frame}`);
    frames.push(frame);
  }
  return { ok: true, frames };
};
