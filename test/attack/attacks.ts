/** Every attack, in the order of a connection's life. */
import { floods } from './attacks/flooding.js';
import { frames } from './attacks/frames.js';
import { opening } from './attacks/opening.js';
import { streams } from './attacks/streams.js';
import { tokens } from './attacks/tokens.js';
import type { Attack } from './kit.js';

export const attacks: readonly Attack[] = [...opening, ...frames, ...tokens, ...streams, ...floods];
