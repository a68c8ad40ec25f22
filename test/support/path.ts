/** A path between the two ends of a socket, in virtual time: each direction delays what is put into it, keeps its order, and can go dead. */
import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import type { OpenSocket } from '../../machines/ports/socket.js';

export type Direction = 'up' | 'down';

/** How long what is put in at this moment takes, in milliseconds; 'never': it is lost, and with it all that follows. */
export type DelayOf = (direction: Direction, now: number) => number | 'never';

/** The sockets of `open`, over a path. */
export const overPath = ({ clock }: VirtualHost, open: OpenSocket, delayOf: DelayOf): OpenSocket => {
  const pipe = (direction: Direction) => {
    let lastAt = 0;
    return (deliver: () => void): void => {
      const now = clock.now();
      const delay = delayOf(direction, now);
      if (delay === 'never') {
        lastAt = Number.POSITIVE_INFINITY;
        return;
      }
      lastAt = Math.max(lastAt, now + delay);
      // A timer of the virtual host takes a millisecond at least; those due at one moment fire in the order of their starting.
      if (Number.isFinite(lastAt)) clock.setTimeout(deliver, lastAt - now);
    };
  };
  return (request, events) => {
    const up = pipe('up');
    const down = pipe('down');
    let isOver = false;
    const tell = (deliver: () => void) => down(() => isOver || deliver());
    const inner = open(request, {
      opened: () => tell(() => events.opened()),
      received: (data) => tell(() => events.received(data)),
      closed: (close) => tell(() => events.closed(close)),
    });
    return {
      send: (text) => up(() => inner.send(text)),
      close: (code, reason) => {
        isOver = true;
        up(() => inner.close(code, reason));
      },
      get bufferedAmount() {
        return inner.bufferedAmount;
      },
    };
  };
};
