// `node tools/api-coverage.mjs`: what share of the API of docs/reference/openbao-paths.txt is served, as
// our own OpenAPI document tells it. Operations left out stand with their reason in docs/compat.md; one
// that is neither served nor excepted makes the command fail. It starts a development server of its
// own; with --openapi FILE it judges a document that is already there.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, ensureInstalled, root } from './ensure.mjs'

/** Names of captures differ between servers and mean nothing: `{name}` and `{path}` are the same place. */
const shapeOf = (path) =>
  path
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .replace(/\{[^}]+\}/g, '{}')

/** The reference list: [{ section, operation, path, key }], one for each method of each path. */
export function parsePaths(text) {
  const wanted = []
  let section = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3).trim()
    const found = /^([A-Z,]+)\s+(\S+)$/.exec(line)
    if (!found) continue
    for (const operation of found[1].split(',')) {
      wanted.push({ section, operation, path: found[2], key: `${operation} ${shapeOf(found[2])}` })
    }
  }
  return wanted
}

/** The operations of an OpenAPI document as keys; LIST and SCAN are GETs with that query parameter. */
export function servedKeys(document) {
  const keys = new Set()
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const shape = shapeOf(path)
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const operation = item[method]
      if (!operation) continue
      const queries = (operation.parameters ?? []).filter((each) => each.in === 'query')
      const listings = queries.filter((each) => each.name === 'list' || each.name === 'scan')
      for (const { name } of listings) keys.add(`${name.toUpperCase()} ${shape}`)
      // A required `list` says that the path can be listed and not read.
      const isListOnly = method === 'get' && listings.some((each) => each.required === true)
      if (!isListOnly) keys.add(`${method === 'put' ? 'POST' : method.toUpperCase()} ${shape}`)
    }
  }
  return keys
}

const EXCEPTION_ROW = /^\| *`([^`]+)` *\| *([A-Z, ]+|all) *\| *(.+?) *\|$/

/** The rows of the section "Paths that are not served": [{ path, operations, reason }]. */
export function parseExceptions(text) {
  const section = text.split(/^## /m).find((part) => part.startsWith('Paths that are not served'))
  return (section ?? '').split('\n').flatMap((line) => {
    const found = EXCEPTION_ROW.exec(line)
    if (!found) return []
    const operations = found[2] === 'all' ? null : found[2].split(',').map((each) => each.trim())
    return [{ path: found[1], operations, reason: found[3] }]
  })
}

/** A path of an exception may end in `*`: everything that begins so. */
function isExcepted(wanted, exceptions) {
  return exceptions.some(({ path, operations }) => {
    const fits = path.endsWith('*')
      ? wanted.path.startsWith(path.slice(0, -1))
      : shapeOf(path) === shapeOf(wanted.path)
    return fits && (operations === null || operations.includes(wanted.operation))
  })
}

/** [{ section, total, served, excepted, missing: [key] }], and exceptions that nothing needs. */
export function coverage(wanted, served, exceptions) {
  const sections = new Map()
  for (const each of wanted) {
    const row = sections.get(each.section) ?? {
      section: each.section,
      total: 0,
      served: 0,
      excepted: 0,
      missing: [],
    }
    sections.set(each.section, row)
    row.total += 1
    if (served.has(each.key)) row.served += 1
    else if (isExcepted(each, exceptions)) row.excepted += 1
    else row.missing.push(`${each.operation} ${each.path}`)
  }
  const needless = exceptions.filter(
    (exception) => !wanted.some((each) => !served.has(each.key) && isExcepted(each, [exception])),
  )
  return { rows: [...sections.values()], needless }
}

async function ownDocument() {
  ensureInstalled()
  await ensureBuilt()
  const port = await freePort()
  const base = `http://127.0.0.1:${port}/v1/`
  const flags = ['-dev', '-dev-root-token-id=root', `-dev-listen-address=127.0.0.1:${port}`]
  const command = [join(root, 'bin/strongroom'), 'server', ...flags]
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] })
  const call = async (method, path, body) => {
    const headers = { 'X-Vault-Token': 'root' }
    const reply = await fetch(base + path, { method, headers, body: JSON.stringify(body) })
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
    return reply
  }
  try {
    await unsealed(base, server)
    for (const version of ['1', '2']) {
      await call('POST', `sys/mounts/kv${version}`, { type: 'kv', options: { version } })
    }
    for (const type of ['database', 'pki', 'transit']) {
      await call('POST', `sys/mounts/${type}`, { type })
    }
    return await (await call('GET', 'sys/internal/specs/openapi')).json()
  } finally {
    server.kill('SIGTERM')
  }
}

const LONGEST_START_MS = 20_000

async function unsealed(base, server) {
  for (let waited = 0; waited < LONGEST_START_MS; waited += 50) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`)
    const health = await fetch(`${base}sys/health`).catch(() => null)
    if (health?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the server did not become ready')
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

async function main(args) {
  const document =
    args[0] === '--openapi' ? JSON.parse(readFileSync(args[1], 'utf8')) : await ownDocument()
  const read = (path) => readFileSync(join(root, path), 'utf8')
  const { rows, needless } = coverage(
    parsePaths(read('docs/reference/openbao-paths.txt')),
    servedKeys(document),
    parseExceptions(read('docs/compat.md')),
  )
  const sum = { section: 'together', total: 0, served: 0, excepted: 0, missing: [] }
  for (const row of rows) {
    for (const key of ['total', 'served', 'excepted']) sum[key] += row[key]
    sum.missing.push(...row.missing)
  }
  for (const row of [...rows, sum]) {
    const share = ((100 * row.served) / row.total).toFixed(1)
    const counts = `${row.served} of ${row.total} operations, ${row.excepted} excepted`
    process.stdout.write(`${row.section.padEnd(16)}${share.padStart(6)} %  ${counts}\n`)
  }
  for (const each of sum.missing) process.stdout.write(`missing: ${each}\n`)
  for (const each of needless) process.stdout.write(`exception without need: ${each.path}\n`)
  if (sum.missing.length > 0 || needless.length > 0) process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2))
