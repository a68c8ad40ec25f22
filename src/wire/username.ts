/** What a username and authParams must be. Asked by the client before it sends them and by the server before it uses them. */
import { authParamsDepthMax, usernameLengthMax } from './limits.js';

/** Names that mean something else as a key of a JavaScript object. */
const reserved: readonly string[] = ['__proto__', 'constructor', 'prototype'];

const hasBadCharacter = (name: string): string | null => {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 'has a control character';
    if (unit === 0x2028 || unit === 0x2029) return 'has a line or paragraph separator';
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = name.charCodeAt(i + 1);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return 'has an unpaired surrogate';
      i++;
    }
  }
  return null;
};

/**
 * [R20] Why this can not be a username, as the end of a sentence, or null. It never repeats the name.
 *
 *     usernameProblem('jane');   // null
 *     usernameProblem(' jane');  // 'begins or ends with white space'
 */
export const usernameProblem = (name: unknown): string | null => {
  if (typeof name !== 'string') return 'is not a string';
  if (name === '') return 'is empty';
  if (name.length > usernameLengthMax) return `is longer than ${usernameLengthMax} characters`;
  const problem = hasBadCharacter(name);
  if (problem !== null) return problem;
  if (name.trim() !== name) return 'begins or ends with white space';
  return reserved.includes(name) ? 'is a name that JavaScript objects reserve' : null;
};

/** Of this or another realm (a frame, a worker, a vm context), made by a literal, by JSON.parse or without prototype. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.hasOwn(prototype as object, 'isPrototypeOf');
};

/**
 * [R20] Why these can not be authParams, as the end of a sentence, or null. It repeats nothing of them: they are secret.
 *
 *     authParamsProblem({ password: 'x' }); // null
 *     authParamsProblem([]);                // 'is not a plain object'
 */
export const authParamsProblem = (value: unknown): string | null => {
  if (!isPlainObject(value)) return 'is not a plain object';
  // Level by level and without recursion: what a stranger sends must not overflow the stack.
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > authParamsDepthMax) return `is nested deeper than ${authParamsDepthMax}`;
    // An object that is met twice is looked at once for each level, so that cycles and shared parts cost no more than a tree.
    const below = new Set<object>();
    for (const parent of level) {
      for (const child of Object.values(parent)) if (typeof child === 'object' && child !== null) below.add(child);
    }
    level = [...below];
  }
  return null;
};
