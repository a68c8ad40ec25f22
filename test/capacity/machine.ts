/** The machine that a run is on. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  /** Processes that were running or waiting to run, over the last minute before the run began. */
  readonly load: number;
}

const GIB = 1_073_741_824;

export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / GIB),
  node: process.version,
  load: Math.round((loadavg()[0] as number) * 10) / 10,
});

/** How many files a process of this one may have open; null where the system does not say. Node has raised its own limit to the hard one by then. */
export const openFilesMax = (): number | null => {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line?.[1] === undefined || line[1] === 'unlimited' ? null : Number(line[1]);
  } catch {
    // Another system than Linux: what is too much fails as EMFILE.
    return null;
  }
};

/** Files that a process has open besides its sockets: its program, its pipes, its store. */
const BESIDES = 100;

/** How many sessions one server process may have here; null: no limit is known. */
export const sessionsMax = (): number | null => {
  const files = openFilesMax();
  return files === null ? null : files - BESIDES;
};
