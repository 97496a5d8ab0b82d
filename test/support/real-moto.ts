// A real moto of a test's own (tools/real-moto.mjs): AWS's IAM and STS with authorization switched on.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const starter = fileURLToPath(new URL('../../tools/real-moto.mjs', import.meta.url))
/** The first start on a machine installs it. */
export const MOTO_INSTALL_MS = 300_000

export interface RealMoto {
  readonly endpoint: string
  /** The user `admin`, who may do everything, with one access key. */
  readonly accessKey: string
  readonly secretKey: string
  stop(): Promise<void>
}

export async function startMoto(): Promise<RealMoto> {
  const child = spawn(process.execPath, [starter], { stdio: ['pipe', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`moto ended (${code}): ${errors}`)))
  })
  return {
    ...(JSON.parse(line) as Omit<RealMoto, 'stop'>),
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
