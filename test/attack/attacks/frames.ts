/** Attacks with single frames: too large, too deep, of the wrong kind, or with names that mean something to JavaScript. */
import { type Attack, among, endOf, only, side } from '../kit.js';

const MIB = 1_048_576;

const giant: Attack = {
  name: 'giant-frames',
  what: 'messages of 64 MB, before the hello and in a session',
  limit: '`limits.batchSize`: closed with 1009 at the length, without reading it',
  run: async (at) => {
    const text = `[["m","evil","${'x'.repeat(64 * MIB)}"]]`;
    await side(at.size(8, 2), 2, async (index) => {
      const raw = index % 2 === 0 ? await at.open() : (await at.start(`giant-${index}`)).raw;
      raw.sendText(text);
      at.count(await endOf(raw));
    });
  },
  // Where the rest of the message is still on its way, the close may be lost behind a reset.
  judge: (tally) => among(tally, 'close 1009', 'close 1006'),
};

/** Arrays in arrays: as deep as fits the largest batch. */
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepObjects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const nested: Attack = {
  name: 'deep-frames',
  what: 'payloads and batches nested up to 500,000 deep, sent to handlers and mirrored back',
  limit:
    '[R74]: what is long and too deep is a `ProtocolError`, unread; no walk over what came overflows a stack, and no reply is deeper than 512',
  run: async (at) => {
    await side(at.size(20, 4), 4, async (index) => {
      const { raw } = await at.start(`deep-${index}`);
      for (const payload of [deep(30_000), deepObjects(10_000)]) {
        raw.sendText(`[["q","mirror",5000,${payload}]]`);
        at.count(String((await raw.take('x'))[2]));
      }
      raw.sendText(index % 2 === 0 ? deep(500_000) : `[["q","mirror",5000,${deepObjects(150_000)}]]`);
      at.count(await endOf(raw));
    });
  },
  judge: (tally) => among(tally, 'RequestFailedError', 'ProtocolError'),
};

const credentials: Attack = {
  name: 'deep-credentials',
  what: 'authParams nested 2,000 deep, and wrong passwords, in a flood of starts',
  limit: 'the rule for authParams ([R20]); `authenticate` decides on the others',
  run: async (at) => {
    const authParams = JSON.parse(deepObjects(2_000)) as object;
    await side(at.size(400, 20), 20, async (index) => {
      const raw = await at.open();
      const start = {
        username: `guess-${index}`,
        token: 'x'.repeat(43),
        authParams: index % 2 === 0 ? authParams : { password: `guess ${index}` },
      };
      raw.send(['hello', { v: 1, features: [], window: { messages: 1, size: 1 }, start }]);
      at.count(await endOf(raw));
    });
  },
  judge: (tally) => among(tally, 'InvalidAuthParamsError', 'AccessDeniedError', 'ServerBusyError'),
};

const prototypes: Attack = {
  name: 'prototype-names',
  what: 'types, payloads, options and positions with the names of prototypes',
  limit: 'nothing that came is a key of an object; unknown fields are left out',
  run: async (at) => {
    const payload = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    await side(at.size(50, 5), 5, async (index) => {
      const { raw } = await at.start(`proto-${index}`);
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype']) {
        raw.sendText(`[["m","${name}",${payload},{"__proto__":{"re":true},"ttlMs":1000}],["q","${name}",1000,${payload}]]`);
        at.count(String((await raw.take('x'))[2]));
      }
      raw.sendText(`[["q","mirror",1000,${payload}]]`);
      await raw.take('r');
      at.count('mirrored');
      raw.sendText('[["constructor"],["__proto__",1]]');
      at.count(await endOf(raw));
    });
  },
  judge: (tally) => among(tally, 'RequestUnhandledError', 'mirrored', 'ProtocolError'),
};

/** Frames that no client may say at that place, each of them well-formed JSON or close to it. */
const misplaced = [
  '[["welcome",{}]]',
  '[["confirm"],["confirm"]]',
  '[["hello",{"v":1}]]',
  '[["identity",{},{}]]',
  '[["deny",{"code":"SessionEndedError","message":""}]]',
  '[["m"]]',
  '[["m","",1]]',
  '[["m",5,1]]',
  '[["q","x",-1,1]]',
  '[["a",1,2]]',
  '[["a",-1,0,0,0]]',
  '[["s",9007199254740991],["s",9007199254740991]]',
  '[["s",0]]',
  '[["renewal",{"authParams":{},"token":"x"}]]',
  '[["signin",{"username":"root","authParams":{},"token":"x"}]]',
  '[["v","evil",1]]',
  '[[]]',
  '[]',
  '{}',
  'null',
  '"',
  '[["e"],["m","evil",1]]',
  `[${Array.from({ length: 129 }, () => '["c",1]').join(',')}]`,
];

const misplacedFrames: Attack = {
  name: 'misplaced-frames',
  what: "frames of the server's, of other states, half ones, and more of them than a batch may have",
  limit: 'the decoder ([R4] to [R11]) and the table of states: a `ProtocolError`, and nothing of the batch is done',
  run: async (at) => {
    await side(at.size(10, 1) * misplaced.length, 8, async (index) => {
      const { raw } = await at.start(`misplaced-${index % 8}`);
      raw.sendText(misplaced[index % misplaced.length] as string);
      at.count(await endOf(raw));
    });
  },
  judge: (tally, scale) => only(tally, { ProtocolError: (scale === 'full' ? 10 : 1) * misplaced.length }),
};

export const frames: readonly Attack[] = [giant, nested, credentials, prototypes, misplacedFrames];
