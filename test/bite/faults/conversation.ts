import type { PlantedFault } from '../fault.js';

/** In what runs a stream on both sides: handlers, requests and answers. */
export const conversationFaults: readonly PlantedFault[] = [
  {
    name: 'reply-behind-a-handler',
    breaks: 'An answer waits for the handlers of the messages before it, one of which may await it.',
    file: 'src/stream/exchange.ts',
    search: '        return this.asker?.answered(item);',
    replace:
      "        return this.inbox.add(number, () => {\n          this.asker?.answered(item);\n          return 'handled';\n        });",
    caughtBy: ['src/stream/conversation'],
  },
  {
    name: 'reading-stopped-at-a-full-inbox',
    breaks: 'Nothing is read while the inbox is full, not even what would empty it: acknowledgements and answers.',
    file: 'src/stream/runner.ts',
    search: 'received(packets: readonly InboundData[]): void {\n    if (this.#stopped) return;',
    replace:
      'received(packets: readonly InboundData[]): void {\n    if (this.#stopped) return;\n    if (this.#state.taken.messages >= this.#state.limits.ownWindow.messages)\n      return void this.#settings.clock.setTimeout(() => this.received(packets), 10);',
    caughtBy: ['src/stream/conversation', 'client/messages', 'src/stream/bounds'],
  },
  {
    name: 'timed-out-request-still-run',
    breaks: 'A request that waited on its receiver for longer than its asker does is run.',
    file: 'src/stream/arrivals.ts',
    search: 'if (waitedMs >= item.timeoutMs)',
    replace: 'if (waitedMs < 0)',
    caughtBy: ['src/stream/cancelling'],
  },
  {
    name: 'cancelled-request-still-run',
    breaks: 'A request that comes together with its cancel is run.',
    file: 'src/stream/arrivals.ts',
    search: "if (this.#cancelled.has(number)) return owner.settled(number, 'handled');",
    replace: '',
    caughtBy: ['src/stream/cancelling', 'src/stream/conversation'],
  },
  {
    name: 'given-up-request-shipped',
    breaks: 'A request that its asker took back before it was shipped is shipped.',
    file: 'src/stream/requests.ts',
    search: 'if (asked.number === null) this.#owner.withdraw(ticket);\n        else',
    replace: 'if (asked.number !== null)',
    caughtBy: ['src/stream/requests'],
  },
  {
    name: 'handlers-side-by-side',
    breaks: 'A handler begins before the one before it has settled.',
    file: 'src/stream/handlers.ts',
    search: 'if (this.#busy || this.#held)',
    replace: 'if (this.#held)',
    caughtBy: ['src/stream/handlers'],
  },
  {
    name: 'throw-taken-for-handled',
    breaks: 'A message whose handler threw is told as handled.',
    file: 'src/stream/handlers.ts',
    search: "this.#running = null;\n    return failed ? 'failed' : 'handled';\n  }\n\n  #failed",
    replace: "this.#running = null;\n    return 'handled';\n  }\n\n  #failed",
    caughtBy: ['src/stream/handlers'],
  },
  {
    name: 'stopped-link-heard',
    breaks: 'What a link that was given up still brings is taken in.',
    file: 'src/stream/runner.ts',
    search: 'received(packets: readonly InboundData[]): void {\n    if (this.#stopped) return;',
    replace: 'received(packets: readonly InboundData[]): void {',
    caughtBy: ['src/stream/runner'],
  },
  {
    name: 'earlier-messages-speak-for-the-new-user',
    breaks: 'Messages that were said to the guest are handled as said to who signed in.',
    file: 'src/stream/exchange.ts',
    search: 'this.user = item.user;\n        this.inbox.add',
    replace: 'this.user = item.user;\n        this.inbox.user = item.user;\n        this.inbox.add',
    caughtBy: ['identity/sign-in', 'identity/cuts'],
  },
  {
    name: 'requests-pass-a-sign-in',
    breaks: 'A request behind a sign-in is run for the guest, before the verdict.',
    file: 'src/stream/exchange.ts',
    search: 'this.arriving.gate.hold();',
    replace: '',
    caughtBy: ['identity/sign-in', 'identity/cuts'],
  },
];
