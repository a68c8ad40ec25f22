import type { VirtualPage, VirtualTab } from '../../adapters/hosts/virtual-tab.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import type { SessionClient } from '../client/client.js';
import { createClientOn } from '../client/create.js';
import type { ClientOptions } from '../client/options.js';
import { websocketOn } from '../client/transports.js';
import { type Mortal, mortal } from './mortal.js';
import { type Conditions, Path, type PathOwner } from './path.js';

/** One client in a page of its own, and the way from there to the server. */
export interface Page {
  readonly client: SessionClient;
  readonly path: Path;
  readonly life: Mortal;
  readonly tab: VirtualTab;
  /** Its number in the world's story; the next page in its tab has the same. */
  readonly actor: number;
  /** What it was made with, for the next page in its tab. */
  readonly options: ClientOptions;
  /** The page is gone, as at a reload: nothing of it happens any more, and what it had claimed is free. */
  unload(): void;
}

/** What a page needs of its world. */
export interface PageOwner extends PathOwner {
  /** The page loads something, in real time. */
  loading(loaded: Promise<unknown>): void;
  /** Called before anybody else can listen to it. */
  watch(client: SessionClient, actor: number, isAlive: () => boolean): void;
}

/** Load a page with a client in a tab. `actor`: its number in the story. */
export const openPage = (owner: PageOwner, conditions: Conditions, tab: VirtualTab, options: ClientOptions, actor: number): Page => {
  const loaded: VirtualPage = tab.load();
  const life = mortal(owner.host, () => {
    // Who asks for the tab loads its keeper at that moment: behind that, this is loaded.
    owner.loading(import('../client/persist/tab-keeper.js'));
    return loaded;
  });
  if (conditions.isOffline) life.hint('offline');
  const path = new Path(owner, conditions);
  const transport = ninelivesTransport({ openSocket: path.open, host: life.host });
  const made = createClientOn(() => life.host, websocketOn(undefined), { ...options, url: undefined, transport });
  const client = made as unknown as SessionClient;
  owner.watch(client, actor, () => life.isAlive);
  return {
    client,
    path,
    life,
    tab,
    actor,
    options,
    unload: () => {
      life.die();
      path.cut('server');
      loaded.unload();
    },
  };
};
