import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostContract } from '../../../adapters/contracts/host.js';
import { type BrowserScope, browserHost } from '../../../adapters/hosts/browser.js';
import type { NetworkHint } from '../../../machines/ports/host.js';

const browser = suite('browser host');

/** An event target that knows how many listen. */
class Counted extends EventTarget {
  listening = 0;
  override addEventListener(...listener: Parameters<EventTarget['addEventListener']>) {
    this.listening += 1;
    super.addEventListener(...listener);
  }
  override removeEventListener(...listener: Parameters<EventTarget['removeEventListener']>) {
    this.listening -= 1;
    super.removeEventListener(...listener);
  }
}

const transition = (type: 'pagehide' | 'pageshow', persisted: boolean) => Object.assign(new Event(type), { persisted });

/** A page, with what a person and a browser do to it. */
const page = () => {
  const connection = new Counted();
  const document = Object.assign(new Counted(), { visibilityState: 'visible' });
  const window = Object.assign(new Counted(), { document, navigator: { onLine: true, userAgent: 'Mozilla/5.0 (test)', connection } });
  const show = (visibilityState: 'visible' | 'hidden') => {
    document.visibilityState = visibilityState;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const acts: Record<NetworkHint, () => void> = {
    online: () => void window.dispatchEvent(new Event('online')),
    offline: () => void window.dispatchEvent(new Event('offline')),
    visible: () => show('visible'),
    hidden: () => show('hidden'),
    thawed: () => void document.dispatchEvent(new Event('resume')),
    changed: () => void connection.dispatchEvent(new Event('change')),
    leaving: () => void window.dispatchEvent(transition('pagehide', false)),
  };
  return { window, document, connection, acts };
};

const advance = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

hostContract(browser, () => {
  const { window, document, connection, acts } = page();
  return {
    host: browserHost(window),
    advance,
    hint: (hint) => acts[hint](),
    // Off is called twice by the contract: a target that is taken off twice counts below zero.
    listeners: () => Math.max(0, window.listening, document.listening, connection.listening),
  };
});

/** What is heard while something is done to a page. */
const heard = (act: (on: ReturnType<typeof page>) => void): NetworkHint[] => {
  const on = page();
  const hints: NetworkHint[] = [];
  const off = browserHost(on.window).onHint((hint) => hints.push(hint));
  act(on);
  off();
  return hints;
};

browser('a page that goes into the back-forward cache is hidden, and thawed when it comes back', () => {
  assert.equal(
    heard(({ window }) => {
      window.dispatchEvent(transition('pagehide', true));
      window.dispatchEvent(transition('pageshow', true));
    }),
    ['hidden', 'thawed'],
  );
});

browser('the first showing of a page says nothing', () => {
  assert.equal(
    heard(({ window }) => void window.dispatchEvent(transition('pageshow', false))),
    [],
  );
});

browser('a page that is frozen is hidden', () => {
  assert.equal(
    heard(({ document }) => void document.dispatchEvent(new Event('freeze'))),
    ['hidden'],
  );
});

browser('it listens to the platform only while somebody listens to it', () => {
  const { window, document, connection } = page();
  const counts = () => [window.listening, document.listening, connection.listening];
  const host = browserHost(window);
  assert.equal(counts(), [0, 0, 0]);
  const off = host.onHint(() => undefined);
  assert.equal(counts(), [4, 3, 1]);
  off();
  assert.equal(counts(), [0, 0, 0]);
});

browser('a worker has no document and perhaps no connection, and still tells of the network', () => {
  const worker = Object.assign(new EventTarget(), { navigator: { onLine: true, userAgent: 'Worker/1' } });
  const hints: NetworkHint[] = [];
  const off = browserHost(worker).onHint((hint) => hints.push(hint));
  worker.dispatchEvent(new Event('offline'));
  off();
  assert.equal(hints, ['offline']);
});

browser('a scope with nothing in it is a host all the same', () => {
  const bare: BrowserScope = {};
  const host = browserHost(bare);
  host.onHint(() => undefined)();
  assert.is(host.online(), true);
  assert.match(host.agent, /^ninelives\/\d+\.\d+\.\d+$/);
});

browser('it is offline where the platform says so', () => {
  assert.is(browserHost({ navigator: { onLine: false } }).online(), false);
});

browser('a name that is too long for a hello is cut', () => {
  assert.ok(browserHost({ navigator: { userAgent: 'x'.repeat(5000) } }).agent.length < 300);
});

browser('a macrotask that throws does not keep the next one from running', async () => {
  const { clock } = browserHost({});
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
  const ran = new Promise<void>((resolve) => {
    clock.macrotask(() => {
      throw new Error('thrown in a macrotask');
    });
    clock.macrotask(resolve);
  });
  assert.match(`${await thrown}`, 'thrown in a macrotask');
  await ran;
});

browser.run();
