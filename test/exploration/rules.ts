/** What must hold, and how often each rule was put to the test: one that never was has shown nothing. */

/** A rule is broken. */
export class Violation extends Error {
  readonly rule: string;
  /** What was happening; null where the world that came of it is wrong. */
  during: string | null = null;

  constructor(rule: string, detail: string) {
    super(detail);
    this.rule = rule;
  }
}

/** Do it, and say of a violation what was happening. */
export const during = <T>(label: string, act: () => T): T => {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof Violation) thrown.during ??= label;
    throw thrown;
  }
};

/** What a run met: each name with the number of different steps in which it did. */
export class Met {
  readonly counts = new Map<string, number>();

  note(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
