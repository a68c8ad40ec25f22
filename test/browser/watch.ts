/** Sees what a script leaves behind in the platform: listeners on what outlives it, timers, sockets. Runs in a page and in a worker. */

/** What is there at this moment, and what was asked of the platform so far. */
export interface Watched {
  /** The types of events that long-lived targets are listened to for: the global scope, the document, the connection. */
  readonly listeners: readonly string[];
  /** How many listeners were ever added to these. */
  readonly listenersAdded: number;
  readonly timers: number;
  readonly timersSet: number;
  /** Sockets that are not closed. */
  readonly sockets: number;
  /** The subprotocols that each socket offered, and the one that it was granted. */
  readonly offered: readonly { readonly protocols: readonly string[]; readonly granted: string }[];
}

interface Listening {
  readonly target: EventTarget;
  readonly type: string;
  readonly listener: unknown;
}

const longLived = (): readonly unknown[] => [
  globalThis,
  globalThis.document,
  (globalThis.navigator as { readonly connection?: unknown } | undefined)?.connection,
];

/** Was it asked for by the bundle that this is part of? What drives the browser has listeners of its own. */
const isOwn = (): boolean => {
  const [, , , caller = ''] = (new Error().stack ?? '').split('\n');
  return caller.includes(import.meta.url);
};

const watchListeners = () => {
  const live: Listening[] = [];
  let added = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const at = (target: EventTarget, type: string, listener: unknown): number =>
    live.findIndex((one) => one.target === target && one.type === type && one.listener === listener);
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>): void {
    const [type, listener] = args;
    // Called as a plain function, `this` is the global scope.
    const target = this ?? globalThis;
    if (isOwn() && longLived().includes(target) && at(target, type, listener) < 0) {
      added += 1;
      live.push({ target, type, listener });
    }
    addEventListener.apply(target, args);
  };
  EventTarget.prototype.removeEventListener = function (this: EventTarget, ...args: Parameters<typeof removeEventListener>): void {
    const target = this ?? globalThis;
    const index = at(target, args[0], args[1]);
    if (index >= 0) live.splice(index, 1);
    removeEventListener.apply(target, args);
  };
  return () => ({ listeners: live.map(({ type }) => type), listenersAdded: added });
};

const watchTimers = () => {
  const live = new Set<number>();
  let set = 0;
  const scope = globalThis as unknown as Record<'setTimeout' | 'setInterval', (callback: () => void, ms?: number) => number> &
    Record<'clearTimeout' | 'clearInterval', (id?: number) => void>;
  const { setTimeout, setInterval, clearTimeout, clearInterval } = scope;
  scope.setTimeout = (callback, ms) => {
    if (!isOwn()) return setTimeout.call(globalThis, callback, ms);
    const id = setTimeout.call(
      globalThis,
      () => {
        live.delete(id);
        callback();
      },
      ms,
    );
    set += 1;
    live.add(id);
    return id;
  };
  scope.setInterval = (callback, ms) => {
    const id = setInterval.call(globalThis, callback, ms);
    if (isOwn()) {
      set += 1;
      live.add(id);
    }
    return id;
  };
  scope.clearTimeout = (id) => {
    if (id !== undefined) live.delete(id);
    clearTimeout.call(globalThis, id);
  };
  scope.clearInterval = (id) => {
    if (id !== undefined) live.delete(id);
    clearInterval.call(globalThis, id);
  };
  return () => ({ timers: live.size, timersSet: set });
};

const watchSockets = () => {
  const made: { readonly socket: WebSocket; readonly protocols: readonly string[] }[] = [];
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols: string | string[] = []) {
      super(url, protocols);
      made.push({ socket: this, protocols: [protocols].flat() });
    }
  };
  return () => ({
    sockets: made.filter(({ socket }) => socket.readyState !== WebSocket.CLOSED).length,
    offered: made.map(({ socket, protocols }) => ({ protocols, granted: socket.protocol })),
  });
};

/** Begin to watch. The returned function says what is there. */
export const watch = (): (() => Watched) => {
  const [listeners, timers, sockets] = [watchListeners(), watchTimers(), watchSockets()];
  return () => ({ ...listeners(), ...timers(), ...sockets() });
};
