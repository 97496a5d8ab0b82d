// Keeps a group commit small. lmdb puts everything that waits into one transaction, and large transactions
// leave long lists of free pages that every later commit searches (measured: a tenth of the speed after
// groups of 5,000). What comes beyond the limit waits until earlier commits are on disk.

/** Puts and removes under way at one time; one batch has at most 100 of them. */
const MOST_WRITES = 256

export class CommitGate {
  #underWay = 0
  readonly #waiting: { readonly writes: number; readonly enter: () => void }[] = []

  /** Runs `commit` when there is room for its writes, in the order of the calls. */
  async run<T>(writes: number, commit: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#hasRoom(writes))
      await new Promise<void>((enter) => this.#waiting.push({ writes, enter }))
    else this.#underWay += writes
    try {
      return await commit()
    } finally {
      this.#underWay -= writes
      this.#admit()
    }
  }

  #hasRoom(writes: number): boolean {
    return this.#underWay === 0 || this.#underWay + writes <= MOST_WRITES
  }

  /** Counts in who fits now, before they run, so that the room is not given twice. */
  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoom(next.writes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#underWay += next.writes
      next.enter()
    }
  }
}
