// A real moto server (AWS's IAM and STS, with authorization switched on) on a free port, installed from
// PyPI once into the user's cache. Started by a test and ended by it.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { IAM } from '@aws-sdk/client-iam'
import { freePort } from './free-port.ts'
import { cachedFolder, requireProgram, runProgram } from './live-program.ts'

const PACKAGE = 'moto[server]==5.2.5'
export const MOTO_INSTALL_MS = 300_000
/** Calls that are let through before authorization begins: the ones that make the first user. */
const FREE_CALLS = 3
const START_MS = 20_000

export interface RealMoto {
  readonly endpoint: string
  /** The user `admin`, who may do everything, with one access key. */
  readonly accessKey: string
  readonly secretKey: string
  stop(): Promise<void>
}

/** The folder with moto's program, installed where it is missing. */
export async function installMoto(): Promise<string> {
  await requireProgram(
    'python3',
    ['-c', 'import venv, ensurepip'],
    'install Python 3.9 or newer with its venv module (Debian: apt install python3-venv)',
  )
  const folder = await cachedFolder('moto', [PACKAGE], async (made) => {
    const packages = join(made, 'packages')
    const steps = [
      ['python3', ['-m', 'venv', join(made, 'tools')]],
      [
        join(made, 'tools/bin/python'),
        ['-m', 'pip', 'install', '-q', '--target', packages, PACKAGE],
      ],
    ] as const
    for (const [command, args] of steps) {
      const { code, output } = await runProgram(command, args, { timeoutMs: MOTO_INSTALL_MS })
      if (code !== 0) throw new Error(`${PACKAGE} could not be installed: ${output}`)
    }
  })
  return join(folder, 'packages')
}

export async function startMoto(): Promise<RealMoto> {
  const packages = await installMoto()
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env: {
      ...process.env,
      PYTHONPATH: packages,
      INITIAL_NO_AUTH_ACTION_COUNT: String(FREE_CALLS),
    },
    stdio: 'ignore',
  })
  try {
    await untilAnswers(`${endpoint}/moto-api/data.json`, child)
    return { endpoint, ...(await firstUser(endpoint)), stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

async function firstUser(endpoint: string): Promise<{ accessKey: string; secretKey: string }> {
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  const iam = new IAM({ region: 'us-east-1', endpoint, credentials })
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
  await iam.createUser({ UserName: 'admin' })
  await iam.putUserPolicy({
    UserName: 'admin',
    PolicyName: 'everything',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [everything] }),
  })
  const { AccessKey } = await iam.createAccessKey({ UserName: 'admin' })
  iam.destroy()
  return { accessKey: AccessKey!.AccessKeyId!, secretKey: AccessKey!.SecretAccessKey! }
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_MS
  for (;;) {
    try {
      if ((await fetch(url)).ok) return
    } catch {
      if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`)
    }
    if (performance.now() > deadline) throw new Error(`moto did not answer in ${START_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await gone
}
