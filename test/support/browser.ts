/** A real browser for tests: Chromium as the machine has it, driven by playwright-core, which brings none of its own. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { needs } from './needs.js';

/** Where Linux distributions put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'] as const;

const found = PLACES.find((path) => existsSync(path));

/** For what starts it by itself. @throws where there is none. */
export const chromiumPath = (): string => {
  if (found === undefined) throw new Error('There is no Chromium.');
  return found;
};

/** Nothing that a test did not ask for goes over the network, and no rights are needed that a container has not. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
] as const;

/** How long a page may take to come to what a test waits for, in milliseconds. */
export const PATIENCE_MS = 15_000;

/** Ends the test file, skipped, where there is no Chromium. Call it before the first suite. */
export const needsChromium = (): void => needs('chromium', () => found !== undefined || `none of ${PLACES.join(', ')}`);

/**
 * Starts a browser with a profile of its own, which goes with it. `hosts` maps host names to addresses: `{ 'shop.test': '127.0.0.1' }`.
 */
export const launch = ({ hosts = {} }: { readonly hosts?: Readonly<Record<string, string>> } = {}): Promise<Browser> => {
  const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`);
  return chromium.launch({
    executablePath: found,
    headless: true,
    args: [...chromiumFlags, ...(rules.length === 0 ? [] : [`--host-resolver-rules=${rules.join(', ')}`])],
  });
};
