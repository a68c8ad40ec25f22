import type { PlantedFault } from '../fault.js';

/** In the client's shell: links, tokens, and what a page leaves for the next one. */
export const clientFaults: readonly PlantedFault[] = [
  {
    name: 'incarnation-unchecked',
    breaks: 'A server that has forgotten what it handled is taken for the one that remembers.',
    file: 'src/client/links.ts',
    search: 'const reborn = this.incarnation !== welcome.incarnation;',
    replace: 'const reborn = false;',
    caughtBy: ['client/resumed', 'simulation/session'],
  },
  {
    name: 'wrong-resume-taken',
    breaks: 'A resume that does not fit is taken for whole.',
    file: 'src/client/links.ts',
    search: 'const mismatch = fits ? session.conversation.mismatch(peer) : null;',
    replace: 'const mismatch = null;',
    caughtBy: ['client/resumed', 'client/lost'],
  },
  {
    name: 'former-link-heard',
    breaks: 'The client listens to a link that its machine has done with.',
    file: 'src/client/links.ts',
    search: 'if (over) return;\n            this.#owner.session()?.conversation.received(packets);',
    replace: 'this.#owner.session()?.conversation.received(packets);',
    caughtBy: ['client/resumed', 'simulation/session'],
  },
  {
    name: 'rotation-lost',
    breaks: 'A token that took effect and was not heard of shuts its own client out.',
    file: 'src/client/credentials.ts',
    search: '(nextToken === null ? [token] : [token, nextToken])',
    replace: '[token]',
    caughtBy: ['client/credentials', 'identity/client-tokens'],
  },
  {
    name: 'token-drawn-for-each-try',
    breaks: 'Each resume offers another token, so that more than two may be the current one.',
    file: 'src/client/credentials.ts',
    search: 'if (this.#session.nextToken === null) {',
    replace: 'if (this.#host !== null) {',
    caughtBy: ['client/credentials', 'identity/client-tokens'],
  },
  {
    name: 'start-token-drawn-for-each-try',
    breaks: 'A start that is tried again is another start: a lost welcome makes a second session.',
    file: 'src/client/credentials.ts',
    search: 'this.#starting ??= drawToken(this.#host);',
    replace: 'this.#starting = drawToken(this.#host);',
    caughtBy: ['client/credentials', 'client/start'],
  },
  {
    name: 'shipped-before-it-is-kept',
    breaks: 'A page ships what it has not written, and does not know of it when it is loaded again.',
    file: 'src/client/client.ts',
    search: 'keeping?.save();\n          this.#links.write(packets);',
    replace: 'this.#links.write(packets);',
    caughtBy: ['client/reload'],
  },
  {
    name: 'duplicated-tab-steals',
    breaks: 'A tab that was duplicated takes the session of the one that it is a copy of.',
    file: 'src/client/persist/tab-keeper.ts',
    search: 'const head = release === null ? null : headOf(storage, id);',
    replace: 'const head = headOf(storage, id);',
    caughtBy: ['client/reload'],
  },
];
