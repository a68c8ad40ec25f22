import { rethrow } from './emitter.js';
import type { ClientOptions } from './options.js';

/** An observer that throws is the observer's affair: thrown through the machine, its error would stop a start half-way. */
export const guarded = (inspect: ClientOptions['inspect']): ClientOptions['inspect'] =>
  inspect === undefined
    ? undefined
    : (event) => {
        try {
          if (typeof inspect === 'function') inspect(event);
          else inspect.next?.(event);
        } catch (error) {
          rethrow(error);
        }
      };
