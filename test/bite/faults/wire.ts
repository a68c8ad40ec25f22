import type { PlantedFault } from '../fault.js';

/** In what turns text into frames, and values into text. */
export const wireFaults: readonly PlantedFault[] = [
  {
    name: 'batch-without-bound',
    breaks: 'A batch may have any number of frames.',
    file: 'src/wire/decode-common.ts',
    search: ' || batch.length > framesPerBatchMax)',
    replace: ')',
    caughtBy: ['src/wire/vectors', 'src/wire/decode'],
  },
  {
    name: 'hello-of-any-size',
    breaks: 'Who is not welcomed yet may send as much as a session may.',
    file: 'src/wire/decode-client.ts',
    search: 'batch.length > helloSizeMax && decoded.ok',
    replace: 'batch.length < 0 && decoded.ok',
    caughtBy: ['src/wire/vectors'],
  },
  {
    name: 'token-of-anything',
    breaks: 'A token or a session id may have any characters.',
    file: 'src/wire/readers.ts',
    search: ' && /^[\\w-]+$/.test(value)',
    replace: '',
    caughtBy: ['src/wire/vectors', 'src/wire/decode'],
  },
  {
    name: 'control-characters-in-a-name',
    breaks: 'A username may hold a line break, with which it can write into a log or a header.',
    file: 'src/wire/username.ts',
    search: "if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 'has a control character';",
    replace: '',
    caughtBy: ['src/wire/username'],
  },
  {
    name: 'payload-changed-on-its-way',
    breaks: 'NaN and Infinity are accepted and arrive as null.',
    file: 'src/wire/payload.ts',
    search: 'return Number.isFinite(value) ? left - 1 : INVALID;',
    replace: 'return left - 1;',
    caughtBy: ['src/wire/payload'],
  },
];
