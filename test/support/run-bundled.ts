// Child processes for tests that need real ones: a TypeScript file is bundled (with packages left outside)
// into the git-ignored .cache folder and forked. Node 20 can't run TypeScript by itself.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const OUT = fileURLToPath(new URL('../../.cache/test-workers/', import.meta.url))

/** Bundles a file given relative to test/support; the path of the script. */
export async function bundleForTest(file: string): Promise<string> {
  mkdirSync(OUT, { recursive: true })
  const outfile = join(OUT, `${basename(file, '.ts')}.${process.pid}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  return outfile
}

export interface ChildLimits {
  /** The largest file that the child may write, in the shell's blocks, as if the disk were full then. */
  readonly fileBlocks?: number
}

/** A forked child that answers one message per message. */
export class AskableChild {
  readonly process: ChildProcess
  readonly #answers: ((answer: unknown) => void)[] = []
  /** What the child says without being asked. */
  onNotice: (notice: unknown) => void = () => {}

  constructor(script: string, args: readonly string[], limits: ChildLimits = {}) {
    const { fileBlocks } = limits
    this.process =
      fileBlocks === undefined
        ? fork(script, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
        : spawn(
            'sh',
            ['-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, process.execPath, script, ...args],
            { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] },
          )
    this.process.on('message', (message: { answer?: unknown; notice?: unknown }) => {
      if ('notice' in message) this.onNotice(message.notice)
      else this.#answers.shift()?.(message.answer)
    })
  }

  ask(question: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#answers.push(resolve)
      this.process.send(question as object, (error) => error && reject(error))
    })
  }

  /** Ends the child and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<void> {
    return new Promise((resolve) => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return resolve()
      this.process.once('exit', () => resolve())
      this.process.kill(signal)
    })
  }
}
