// The end of the present turn of the event loop: where work that many requests caused is done once.

/** Runs `task` after the input that is already there was handled, before waiting for more. */
export function atEndOfTick(task: () => void): void {
  setImmediate(task)
}
