/** What the command's exit code says. Scripts build on these numbers: they do not change. */
export const exitCodes = {
  done: 0,
  /** It was tried and did not work. */
  failed: 1,
  /** An unknown command or option, or a value that can not be used. */
  usage: 2,
  /** What it needs is taken or missing: a port, the store's file. */
  unavailable: 3,
  /** `chat`: something that was sent is not known as handled. */
  unconfirmed: 4,
} as const;

export type ExitCode = number;

/** The signals that stop a command, with their numbers. */
export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export type StopSignal = keyof typeof signalNumbers;

/** The exit code that shells give to a program which a signal ended. */
export const exitCodeOf = (signal: StopSignal): ExitCode => 128 + signalNumbers[signal];

/** For help and docs. */
export const exitCodesText = `Exit codes:
  0  done
  1  it was tried and did not work
  2  wrong use: an unknown command or option, a value that can not be used
  3  what it needs is taken or missing: a port, the store's file
  4  chat: something that was sent is not known as handled
  128 + n  broken off by signal n`;
