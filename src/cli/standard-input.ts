// Standard input: as a whole for "-" arguments, and as a hidden line for secrets that a person types.
// It can be consumed once.
import { Failure } from './failure.ts'

export interface StandardInput {
  /** All of it, until its end. */
  readAll(): Promise<string>
  /** A line that is not shown while it is typed; throws where there is no terminal. */
  readHidden(): Promise<string>
}

const ENTER = new Set(['\r', '\n', '\u0004'])

function typeHidden(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((done, failed) => {
    let line = ''
    const stop = (): void => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
    }
    const onData = (text: string): void => {
      for (const key of text) {
        if (key === '\u0003') {
          stop()
          failed(new Failure(1, 'user canceled'))
          return
        }
        if (ENTER.has(key)) {
          stop()
          done(line)
          return
        }
        if (key === '\u007f' || key === '\b') line = line.slice(0, -1)
        else if (key >= ' ') line += key
      }
    }
    stdin.setEncoding('utf8')
    stdin.setRawMode(true)
    stdin.on('data', onData)
    stdin.resume()
  })
}

export const processInput: StandardInput = {
  async readAll() {
    const parts: Buffer[] = []
    for await (const part of process.stdin) parts.push(Buffer.from(part as Buffer))
    return Buffer.concat(parts).toString('utf8')
  },
  async readHidden() {
    if (!process.stdin.isTTY) throw new Error('file descriptor 0 is not a terminal')
    return typeHidden(process.stdin)
  },
}

/** What a command sees under -non-interactive: nothing. */
export const noInput: StandardInput = {
  readAll: async () => '',
  readHidden: async () => {
    throw new Failure(1, 'Refusing to read from stdin with -non-interactive specified')
  },
}
