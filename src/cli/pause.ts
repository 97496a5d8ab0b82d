// Waiting in a command that has nothing else to do: it blocks the thread, so no timer can be forgotten and
// the process can't end early; Ctrl-C still ends it.

/** Blocks for `ms` milliseconds. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
