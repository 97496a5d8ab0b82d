// What was said of paths, kept for a while: a file comes in many fragments, and in a history again and again.

const MOST_PATHS = 4096

export class PathMemo {
  private readonly known = new Map<string, boolean>()
  private readonly ask: (path: string) => boolean

  constructor(ask: (path: string) => boolean) {
    this.ask = ask
  }

  says(path: string): boolean {
    let answer = this.known.get(path)
    if (answer === undefined) {
      if (this.known.size >= MOST_PATHS) this.known.clear()
      answer = this.ask(path)
      this.known.set(path, answer)
    }
    return answer
  }
}
