/** What a process holds, and whether it grows. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A collection, whether or not the process was started with `--expose-gc`: without one a heap says little. */
export const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

/** This process's heap behind a collection, and what keeps its event loop busy. */
export const usageNow = (): { readonly heapBytes: number; readonly handles: number } => {
  collect();
  return { heapBytes: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length };
};

/** By how much y grows with x: the slope of the line through these points that fits best by least squares. 0 for fewer than two. */
export const slopeOf = (points: readonly (readonly [x: number, y: number])[]): number => {
  const count = points.length;
  const mean = (of: (point: readonly [number, number]) => number): number => points.reduce((sum, point) => sum + of(point), 0) / count;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  let along = 0;
  let spread = 0;
  for (const [x, y] of points) {
    along += (x - meanX) * (y - meanY);
    spread += (x - meanX) ** 2;
  }
  return spread > 0 ? along / spread : 0;
};
