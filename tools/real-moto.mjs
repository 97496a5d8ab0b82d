// A real AWS for tests and examples: moto (IAM and STS, with its authorization switched on), from PyPI:
//   node tools/real-moto.mjs
// Installed once into the user's cache. One line of JSON is printed when it serves: its endpoint and the
// access key of a user "admin" who may do everything. It ends with SIGTERM, or when the standard input
// ends, so that it never outlives whoever started it.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { IAM } from '@aws-sdk/client-iam'

const PACKAGE = 'moto[server]==5.2.5'
/** Calls that are let through before authorization begins: the ones that make the first user. */
const FREE_CALLS = 3
const START_MS = 30_000

/** The folder with moto's modules; made beside its place and moved there whole. */
function installedFolder() {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'strongroom')
  const folder = join(cache, `moto-${PACKAGE.split('==')[1]}`)
  if (existsSync(folder)) return folder
  const found = spawnSync('python3', ['-c', 'import venv, ensurepip'])
  if (found.status !== 0) {
    throw new Error(
      'moto needs Python 3.9 or newer with its venv module (Debian: apt install python3-venv)',
    )
  }
  mkdirSync(cache, { recursive: true })
  const making = mkdtempSync(`${folder}.`)
  const tools = join(making, '.tools')
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', tools],
    [join(tools, 'bin/python'), '-m', 'pip', 'install', '-q', '--target', making, PACKAGE],
  ]) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    if (status !== 0) {
      rmSync(making, { recursive: true, force: true })
      throw new Error(`${PACKAGE} could not be installed: ${stdout}${stderr}`)
    }
  }
  try {
    renameSync(making, folder)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function untilAnswers(url, child) {
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

async function firstUser(endpoint) {
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
  return { accessKey: AccessKey.AccessKeyId, secretKey: AccessKey.SecretAccessKey }
}

async function main() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const packages = installedFolder()
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
  child.on('close', (code) => process.exit(code ?? 0))
  const stop = () => child.kill('SIGTERM')
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
  process.stdin.on('end', stop).on('error', stop).resume()
  await untilAnswers(`${endpoint}/moto-api/data.json`, child)
  const user = await firstUser(endpoint)
  process.stdout.write(`${JSON.stringify({ endpoint, ...user })}\n`)
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
