import type { ClientOptions } from '../client/options.js';

type Observe = Extract<NonNullable<ClientOptions['inspect']>, (event: never) => void>;
export type InspectionEvent = Parameters<Observe>[0];

/** What a client's `inspect` option takes, and how to be done with it. */
export interface StatelyInspector {
  /** One inspection event of XState. */
  (event: InspectionEvent): void;
  /** Close the viewer's connection, and the relay where there is one. */
  stop(): void;
}

/** What is loaded when the first event comes. */
export interface LoadedInspector {
  observe(event: InspectionEvent): void;
  stop(): void;
}

/** Events that wait for the viewer to be loaded: a start's worth. */
const waitingMax = 200;

/** An inspector that loads nothing until a client has something to show. */
export const lazyInspector = (load: () => Promise<LoadedInspector>): StatelyInspector => {
  let loaded: LoadedInspector | null = null;
  let loading = false;
  let stopped = false;
  let waiting: InspectionEvent[] = [];
  const begin = async (): Promise<void> => {
    const inspector = await load();
    if (stopped) return inspector.stop();
    loaded = inspector;
    for (const event of waiting) inspector.observe(event);
    waiting = [];
  };
  const inspect = (event: InspectionEvent): void => {
    if (stopped) return;
    if (loaded !== null) return loaded.observe(event);
    if (waiting.length < waitingMax) waiting.push(event);
    if (loading) return;
    loading = true;
    begin().catch((error: unknown) => {
      stopped = true;
      waiting = [];
      console.error('ninelives/inspect: the Stately Inspector could not be opened; the client goes on without it.', error);
    });
  };
  return Object.assign(inspect, {
    stop: (): void => {
      stopped = true;
      waiting = [];
      loaded?.stop();
      loaded = null;
    },
  });
};
