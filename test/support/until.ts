/** Milliseconds. No test waits this long for what does happen: past it, the test fails with a sentence instead of hanging. */
const LIMIT_MS = 15_000;

/** Fails, with `what` in the message, where a promise does not settle in time. */
export const within = async <A>(promise: Promise<A>, what: string | (() => string), limitMs = LIMIT_MS): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limitMs} ms in vain for ${typeof what === 'string' ? what : what()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Asks once a turn of the event loop until the answer is neither undefined, null nor false, and gives it. */
export const until = async <A>(ask: () => A | Promise<A>, what: string): Promise<Exclude<A, undefined | null | false>> => {
  const givenUpAt = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer as Exclude<A, undefined | null | false>;
    if (performance.now() > givenUpAt) throw new Error(`Waited ${LIMIT_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Several turns of the event loop: long enough for what two sockets of this process have under way to arrive. */
export const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
