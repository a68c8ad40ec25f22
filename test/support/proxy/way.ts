import type { Conditions, Direction, Trigger } from './conditions.js';
import { frameFinder } from './frames.js';
import { lane } from './lane.js';

/** Milliseconds between the pieces of a chunk that is split: enough for a reader in another process to get them one by one. */
const SPLIT_GAP_MS = 0.1;
/** Bytes: what a throttled link hands on at a time, the payload of an Ethernet packet. */
const PACKET_BYTES = 1_460;

/** One direction of a connection: bytes go in as they are read, and come out as the conditions want. */
export interface Way {
  /** Carry a chunk that is sent at this time (milliseconds of `performance.now()`). */
  carry(chunk: Buffer, sentAt: number): void;
  /** Do this at `dueAt`, behind all that was sent before. */
  behind(dueAt: number, act: () => void): void;
  kick(): void;
  clear(): void;
  /** Bytes under way. */
  readonly waiting: number;
  /** Bytes and frames that came out. */
  readonly carried: { readonly bytes: number; readonly frames: number };
}

interface Hit {
  readonly trigger: Trigger;
  readonly offset: number;
}

/** `write` hands bytes on; `delivered` is told after each delivery. */
export const startWay = (
  direction: Direction,
  now: Conditions,
  isHeld: () => boolean,
  write: (chunk: Buffer) => void,
  delivered: () => void,
): Way => {
  const parcels = lane(isHeld);
  const finder = frameFinder();
  const carried = { bytes: 0, frames: 0 };
  let freeAt = 0;
  let lastDueAt = 0;
  let isOver = false;

  const dueAt = (bytes: number, sentAt: number): number => {
    let due = sentAt;
    if (now.bytesPerSecond < Infinity) {
      freeAt = Math.max(freeAt, sentAt) + (bytes / now.bytesPerSecond) * 1_000;
      due = freeAt;
    }
    due += now.delayMs + (now.jitterMs > 0 ? now.random() * now.jitterMs : 0);
    if (now.mergeMs > 0) due = Math.ceil(due / now.mergeMs) * now.mergeMs;
    if (now.splitBytes < Infinity) due = Math.max(due, lastDueAt + SPLIT_GAP_MS);
    lastDueAt = due;
    return due;
  };

  /** The first trigger that this piece reaches. A frame's is reached before its first byte, that of bytes behind the last one. */
  const hitIn = (piece: Buffer, starts: readonly number[]): Hit | null => {
    let first: Hit | null = null;
    for (const trigger of now.triggers) {
      if (trigger.direction !== direction) continue;
      const left = (trigger.from.get(way) ?? 0) + trigger.count - carried[trigger.unit];
      const offset = trigger.unit === 'frames' ? starts[left - 1] : left <= piece.length ? left : undefined;
      if (offset !== undefined && (first === null || offset < first.offset)) first = { trigger, offset };
    }
    return first;
  };

  const handOn = (piece: Buffer, frames: number): void => {
    carried.frames += frames;
    carried.bytes += piece.length;
    now.bytes[direction] += piece.length;
    if (piece.length > 0) write(piece);
  };

  const deliver = (piece: Buffer, starts: readonly number[]): void => {
    const hit = now.triggers.size === 0 ? null : hitIn(piece, starts);
    if (hit === null) {
      handOn(piece, starts.length);
      delivered();
      return;
    }
    const { trigger, offset } = hit;
    const before = starts.filter((start) => start < offset);
    handOn(piece.subarray(0, offset), before.length);
    now.triggers.delete(trigger);
    trigger.act();
    if (isOver) return;
    const rest = piece.subarray(offset);
    const later = starts.slice(before.length).map((start) => start - offset);
    if (rest.length > 0) parcels.putBack(rest.length, () => deliver(rest, later));
    delivered();
  };

  const way: Way = {
    carry: (chunk, sentAt) => {
      const size = Math.min(now.splitBytes, now.bytesPerSecond < Infinity ? PACKET_BYTES : Infinity, chunk.length);
      for (let at = 0; at < chunk.length; at += size) {
        const piece = chunk.subarray(at, at + size);
        parcels.put(dueAt(piece.length, sentAt), piece.length, () => deliver(piece, finder.starts(piece)));
      }
    },
    behind: (at, act) =>
      parcels.put(at, 0, () => {
        act();
        delivered();
      }),
    kick: parcels.kick,
    clear: () => {
      isOver = true;
      parcels.clear();
    },
    get waiting() {
      return parcels.waiting;
    },
    carried,
  };
  return way;
};
