import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A tree to break: nobody else looks at it. */
export interface TreeCopy {
  readonly folder: string;
  remove(): void;
}

/** The most that a listing of a tree's files can take, in bytes. */
const listingMax = 10_000_000;

/** A copy of the tracked files as they stand in the working tree, changes that are not committed included; what is installed is shared. */
export const copyOfTree = (root: string): TreeCopy => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-bite-'));
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: listingMax }).split('\0');
  for (const file of tracked) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(resolve(root), 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** All test files of a tree. */
export const testFilesOf = (root: string): readonly string[] =>
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .sort();
