// A real server as a child that never outlives the test: a shell waits beside it and ends it when its standard
// input closes, which happens also where the test is killed.
import { type ChildProcess, spawn } from 'node:child_process'

const SCRIPT =
  'exec 3<&0; "$@" </dev/null 3<&- & pid=$!; { read -r _ <&3; kill "$pid"; } 2>/dev/null & wait "$pid"'

export interface TiedChild {
  readonly process: ChildProcess
  /** The last of what it printed. */
  log(): string
  /** Ends it (SIGTERM) and waits for that. */
  end(): Promise<void>
}

export function spawnTied(command: string, args: readonly string[]): TiedChild {
  const child = spawn('sh', ['-c', SCRIPT, 'sh', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000)
    })
  }
  child.stdin.on('error', () => {})
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    process: child,
    log: () => log,
    end: () => {
      child.stdin.end()
      return ended
    },
  }
}
