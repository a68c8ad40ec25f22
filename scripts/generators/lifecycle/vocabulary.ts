/** The words of the session machine with their docs, read from the comments of machines/session/events.ts. */
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../../machines/session/events.ts', import.meta.url), 'utf8');

export type Union = 'Command' | 'Fact' | 'Emitted' | 'LinkCommand';

const member = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\|?\s*\(?\{ readonly type: '(\w+)'/g;

const sentence = (comment: string): string => comment.replace(/\s*\n\s*\*\s?/g, ' ').trim();

/** The members of one union, in the order of the file: name and doc. A member without a doc is an error of the generator. */
export const members = (union: Union): readonly (readonly [string, string])[] => {
  const text = source.split(`export type ${union} =`)[1]?.split('\nexport ')[0] ?? '';
  const documented = [...text.matchAll(member)].map(([, comment = '', type = '']) => [type, sentence(comment)] as const);
  const all = [...text.matchAll(/readonly type: '(\w+)'/g)].map(([, type]) => type);
  if (all.length === 0 || all.join() !== documented.map(([type]) => type).join())
    throw new Error(
      `machines/session/events.ts: of ${union}, ${all.join(', ')}, only ${documented.map(([type]) => type).join(', ')} have a doc.`,
    );
  return documented;
};
