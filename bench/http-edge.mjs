// Requests per CPU second of our HTTP edge against bare node:http, same trivial JSON handler, same
// hour, alternating rounds; needs `wrk` and Linux (/proc). Run: node bench/http-edge.mjs [rounds]
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const rounds = Number(process.argv[2] ?? 5)
const dir = mkdtempSync(join(tmpdir(), 'http-edge-'))

const common = `
const text = JSON.stringify({ data: { value: 'x'.repeat(100) } })
const handler = async () => ({ status: 200, headers: ['Content-Type', 'application/json'], body: text })
`
const servers = {
  edge: `${common}
    import { listen } from './src/http/listener.ts'
    import { systemClock } from './src/base/clock.ts'
    const log = { debug() {}, error: console.error }
    const address = { host: '127.0.0.1', port: 0 }
    const listener = await listen({ name: 'bench', address, handler, clock: systemClock, log })
    console.log(listener.port)`,
  'node:http, bare': `${common}
    import { createServer } from 'node:http'
    const head = { 'Content-Type': 'application/json', 'Content-Length': text.length }
    const server = createServer((_, response) => {
      response.writeHead(200, head)
      response.end(text)
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`,
  'node:http, body read, async handler': `${common}
    import { createServer } from 'node:http'
    const server = createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', async () => {
        const reply = await handler({ request, body: Buffer.concat(chunks) })
        const length = Buffer.byteLength(reply.body)
        response.writeHead(reply.status, [...reply.headers, 'Content-Length', length])
        response.end(reply.body)
      })
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`,
  'bytes only (no HTTP)': `
    import { createServer } from 'node:net'
    const text = JSON.stringify({ data: { value: 'x'.repeat(100) } })
    const reply = 'HTTP/1.1 200 OK\\r\\nContent-Length: ' + text.length + '\\r\\n\\r\\n' + text
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('data', () => socket.write(reply, 'latin1')).on('error', () => {})
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`,
}

/** User and system time of a process, in hundredths of a second (proc(5)). */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return { user: Number(fields[11]), system: Number(fields[12]) }
}

async function start(name, contents) {
  const outfile = join(dir, `${Object.keys(servers).indexOf(name)}.mjs`)
  const stdin = { contents, resolveDir: root, loader: 'ts' }
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise((resolve) => child.stdout.once('data', (text) => resolve(+text)))
  return { name, child, port, rates: [], user: [], system: [] }
}

const headers = ['X-Vault-Token: hvs.CAESIJ000000000000000000000000000000000000000000000000000']
headers.push('X-Vault-Request: true', 'User-Agent: Go-http-client/1.1', 'Accept-Encoding: gzip')
const load = (port, seconds) => {
  const shared = ['-t1', '-c32', `-d${seconds}s`, ...headers.flatMap((line) => ['-H', line])]
  const out = execFileSync('wrk', [...shared, `http://127.0.0.1:${port}/v1/secret/data/app/db`])
  return Number(/(\d+) requests in/.exec(String(out))[1])
}

const running = []
for (const [name, contents] of Object.entries(servers)) running.push(await start(name, contents))
for (const server of running) load(server.port, 1)
for (let round = 0; round < rounds; round++) {
  for (const server of running) {
    const before = cpu(server.child.pid)
    const count = load(server.port, 3)
    const after = cpu(server.child.pid)
    const user = after.user - before.user
    const system = after.system - before.system
    server.rates.push((count * 100) / (user + system))
    server.user.push((user * 1e4) / count)
    server.system.push((system * 1e4) / count)
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
for (const { name, rates, user, system, child } of running) {
  const parts = `user ${median(user).toFixed(1)} us, kernel ${median(system).toFixed(1)} us a request`
  console.log(
    `${name.padEnd(36)} ${Math.round(median(rates)).toString().padStart(7)}/cpu-s  ${parts}`,
  )
  child.kill()
}
rmSync(dir, { recursive: true, force: true })
