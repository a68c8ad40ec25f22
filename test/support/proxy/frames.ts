/**
 * Where WebSocket frames begin in a stream of bytes (RFC 6455, 5.2): enough of a parser to count them, whatever the chunks. What comes before the
 * upgrade's empty line is no frame.
 */
export interface FrameFinder {
  /** The offsets in this chunk at which a frame begins, in order. */
  starts(chunk: Buffer): readonly number[];
}

/** The end of an HTTP head. */
const HEAD_END = [13, 10, 13, 10] as const;
/** Values of the length field that say how many bytes hold the length instead. */
const LENGTH_IN_2 = 126;
const LENGTH_IN_8 = 127;
const MASK_BYTES = 4;

type State =
  /** How much of HEAD_END was seen. */
  | { readonly in: 'head'; matched: number }
  | { readonly in: 'begin' }
  | { readonly in: 'length' }
  | { readonly in: 'longLength'; left: number; length: number; readonly masked: boolean }
  | { readonly in: 'rest'; left: number };

/**
 * @example
 * const finder = frameFinder();
 * socket.on('data', (chunk) => (count += finder.starts(chunk).length));
 */
export const frameFinder = (): FrameFinder => {
  let state: State = { in: 'head', matched: 0 };
  const restOf = (length: number, masked: boolean): State => {
    const left = length + (masked ? MASK_BYTES : 0);
    return left === 0 ? { in: 'begin' } : { in: 'rest', left };
  };
  const take = (byte: number): void => {
    switch (state.in) {
      case 'head':
        state.matched = byte === HEAD_END[state.matched] ? state.matched + 1 : byte === HEAD_END[0] ? 1 : 0;
        if (state.matched === HEAD_END.length) state = { in: 'begin' };
        return;
      case 'begin':
        state = { in: 'length' };
        return;
      case 'length': {
        const masked = byte >= 128;
        const length = byte & 127;
        if (length === LENGTH_IN_2) state = { in: 'longLength', left: 2, length: 0, masked };
        else if (length === LENGTH_IN_8) state = { in: 'longLength', left: 8, length: 0, masked };
        else state = restOf(length, masked);
        return;
      }
      case 'longLength':
        state.length = state.length * 256 + byte;
        state.left -= 1;
        if (state.left === 0) state = restOf(state.length, state.masked);
        return;
      case 'rest':
        return;
    }
  };
  return {
    starts: (chunk) => {
      const found: number[] = [];
      for (let at = 0; at < chunk.length; ) {
        if (state.in === 'rest') {
          const step = Math.min(state.left, chunk.length - at);
          state.left -= step;
          at += step;
          if (state.left === 0) state = { in: 'begin' };
          continue;
        }
        if (state.in === 'begin') found.push(at);
        take(chunk[at] as number);
        at += 1;
      }
      return found;
    },
  };
};
