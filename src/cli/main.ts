#!/usr/bin/env node
/** `ninelives`: the command. Everything it does is in `run`; this file gives it the process. */
import { processIo } from './io.js';
import { run } from './run.js';

/** What an app's `setup` left open may not keep a command that is done from ending, in milliseconds. Closing sockets need one second. */
const ENDING_MAX_MS = 2_000;
/** What a shell gives for a program whose reader has gone: 128 + SIGPIPE. */
const PIPE_CLOSED = 141;

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `ninelives users | head -1`: whoever read has read enough.
    if (error.code === 'EPIPE') process.exit(PIPE_CLOSED);
    throw error;
  });

const code = await run(process.argv.slice(2), processIo());
process.exitCode = code;
setTimeout(() => process.exit(code), ENDING_MAX_MS).unref();
