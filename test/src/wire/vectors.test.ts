import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientBatch, clientFrame, helloFields, serverBatch, serverFrame } from '../../../src/wire/codecs.js';
import { decodeClientBatch, decodeServerBatch } from '../../../src/wire/decode.js';
import { helloFromProtocols } from '../../../src/wire/hello.js';
import { usernameProblem } from '../../../src/wire/username.js';

interface FrameVector {
  readonly name: string;
  readonly side: 'client' | 'server';
  readonly text: string;
  readonly frames?: readonly { readonly kind: string; readonly size?: number }[];
  readonly error?: string;
}
interface HelloVector {
  readonly name: string;
  readonly protocols: readonly string[];
  readonly hello?: object | null;
  readonly error?: string;
}

const read = <V>(file: string): readonly V[] =>
  JSON.parse(readFileSync(new URL(`../../vectors/${file}.json`, import.meta.url), 'utf8')) as readonly V[];
const decoders = { client: decodeClientBatch, server: decodeServerBatch };
const codecs = { client: clientBatch, server: serverBatch };
const sizeless = ({ size: _, ...frame }: { readonly kind: string; readonly size?: number }) => frame;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const vectors = suite('the vectors');

for (const file of ['client-frames', 'server-frames']) {
  vectors(`of ${file} are decoded as they say, by the decoder and by the definition`, () => {
    for (const { name, side, text, frames = [] } of read<FrameVector>(file)) {
      deepStrictEqual(decoders[side](text), { ok: true, frames }, name);
      const defined = codecs[side].decode(JSON.parse(text));
      deepStrictEqual(defined._tag === 'Right' && defined.right, frames.map(sizeless), name);
    }
  });
}

vectors('of refused are refused with their code, by the decoder and by the definition', () => {
  for (const { name, side, text, error } of read<FrameVector>('refused')) {
    const decoded = decoders[side](text);
    assert.is(decoded.ok ? 'taken' : decoded.code, error, name);
    // How long a text is, a codec of JSON can not see.
    if (error === 'ProtocolError') assert.is(codecs[side].decode(parsed(text))._tag, 'Left', name);
  }
});

vectors('of hello-entries are read as they say, by the decoder and by the definition', () => {
  for (const { name, protocols, hello } of read<HelloVector>('hello-entries')) {
    const offered = helloFromProtocols(protocols);
    const expected = hello ? { kind: 'hello', frame: { kind: 'hello', hello } } : hello === null ? { kind: 'none' } : null;
    if (expected === null) assert.is(offered.kind, 'invalid', name);
    else deepStrictEqual(offered, expected, name);
    if (!hello) continue;
    const defined = helloFields.decode(
      JSON.parse(Buffer.from(protocols[1]?.slice('ninelives.hello.'.length) ?? '', 'base64url').toString()),
    );
    deepStrictEqual(defined._tag === 'Right' && defined.right, hello, name);
  }
});

vectors('of usernames are told apart', () => {
  for (const { username, usable } of read<{ username: string; usable: boolean }>('usernames')) {
    assert.is(usernameProblem(username) === null, usable, JSON.stringify(username));
  }
});

vectors('have every frame of either side in them', () => {
  for (const [file, codec] of [
    ['client-frames', clientFrame],
    ['server-frames', serverFrame],
  ] as const) {
    const kinds = new Set(read<FrameVector>(file).flatMap(({ frames = [] }) => frames.map(({ kind }) => kind)));
    const { types } = codec as unknown as { readonly types: readonly { is(value: unknown): boolean }[] };
    const covered = types.filter(({ is }) => [...kinds].some((kind) => is({ kind })));
    assert.is(covered.length, types.length, file);
  }
});

vectors('have names that tell them apart', () => {
  for (const file of ['client-frames', 'server-frames', 'refused', 'hello-entries']) {
    const names = read<{ name: string; side?: string }>(file).map(({ name, side }) => `${side} ${name}`);
    assert.is(new Set(names).size, names.length, file);
  }
});

vectors.run();
