/** What a page has left in its tab, by the numbers of the messages. */
import type { VirtualTab } from '../../../adapters/hosts/virtual-tab.js';
import { headOf, storedIds } from '../../../src/client/persist/tab-record.js';
import { numbersIn } from './talk.js';

/**
 * All that is there, where the page's last turn had come to its end. One that died in the middle of a turn had not let anything of that leave: what
 * counts is what the heads name.
 */
export const numbersLeft = ({ texts, load }: VirtualTab, isWhole: boolean): ReadonlySet<number> => {
  if (isWhole) return numbersIn(texts.values());
  const { storage, unload } = load();
  unload();
  const named: string[] = [];
  for (const id of storedIds(storage)) {
    const [from, to] = headOf(storage, id)?.parts ?? [0, 0];
    const parts = Array.from({ length: to - from }, (_, index) => texts.get(`ninelives:${id}:${from + index}`));
    // It had begun to remove what it was about to hand back.
    if (!parts.includes(undefined)) named.push(...parts.map(String));
  }
  return numbersIn(named);
};
