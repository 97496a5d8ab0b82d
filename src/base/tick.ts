// The end of the present turn of the event loop: where work that many requests caused is done once.

/** Runs `task` after the input that is already there was handled, before waiting for more. */
export function atEndOfTick(task: () => void): void {
  setImmediate(task)
}

/** Resolves in the next turn: long work awaits it now and then, so that nobody waits for all of it. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
