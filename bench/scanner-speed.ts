// `npm run bench -- --scanner`: the scanner beside gitleaks, betterleaks and kingfisher in one run: trees, histories and
// a log, each program in turn, in rounds; CPU of the program and all it starts, wall, memory, findings.
import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type Scanner, scanner, type Work } from './scanner-peers.ts'

const helpText = `npm run bench -- --scanner [options]
  --repo DIR       a git repository with a work tree: its tree and its history are scanned; may be given many times
  --log-mb N       a made log of this size                  (500; 0 leaves it out)
  --rounds N       each program runs this often; the median counts   (3)
  --timeout N      seconds after which a program is ended and left out  (600)
  --only NAMES     of ours,compat,gitleaks,betterleaks,kingfisher
  --work NAMES     of tree,history,log
`

interface Run {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly megabytes: number
  readonly findings: number
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

function values(flag: string): string[] {
  return process.argv.flatMap((word, at) => (word === flag ? (process.argv[at + 1] ?? '') : []))
}
const value = (flag: string, initial: string): string => values(flag).at(-1) ?? initial

/** CPU and memory as the system counts them for a process and what it waited for. */
const METER = `
import json, resource, subprocess, sys, time
begun = time.time()
try:
    code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=float(sys.argv[1])).returncode
except subprocess.TimeoutExpired:
    code = -1
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, time.time() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
`

function measure(command: readonly string[], report: string, timeout: string): Run | null {
  rmSync(report, { force: true })
  const { stdout, stderr } = spawnSync('python3', ['-c', METER, timeout, ...command], {
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  const [code, wallSeconds, cpuSeconds, megabytes] = JSON.parse(stdout) as [
    ...[number, number, number, number],
  ]
  if (code === -1) return null
  return { wallSeconds, cpuSeconds, megabytes, findings: findingsIn(report) }
}

function findingsIn(report: string): number {
  if (!existsSync(report)) return 0
  const text = readFileSync(report, 'utf8').trim()
  if (text === '') return 0
  const data = jsonIn(text)
  if (Array.isArray(data)) return data.length
  const { findings } = data as { findings?: unknown }
  return Array.isArray(findings) ? findings.length : 0
}

/** One value, or one a line. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.split('\n').filter((line) => line.startsWith('{'))
  }
}

const median = (runs: readonly Run[]): Run =>
  [...runs].sort((a, b) => a.cpuSeconds - b.cpuSeconds)[runs.length >> 1]!

/** Lines as services write them, with words that scanners look closer at, and a secret now and then. */
async function makeLog(path: string, megabytes: number): Promise<void> {
  const out = createWriteStream(path)
  const services = ['api', 'worker', 'auth', 'billing', 'gateway']
  let seed = 1
  const next = (below: number): number => {
    seed = (seed * 48271) % 0x7fffffff
    return seed % below
  }
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => next(16).toString(16)).join('')
  let bytes = 0
  let lines = 0
  while (bytes < megabytes * 1e6) {
    const block: string[] = []
    for (let at = 0; at < 2000; at++, lines++) {
      const time = new Date(1.7e12 + lines * 37).toISOString()
      const head = `${time} ${services[next(5)]} [${next(64)}] request_id=${hex(16)}`
      const tails = [
        `GET /v1/users/${next(100_000)} 200 ${next(900)}ms`,
        `token refreshed for session ${hex(8)} expires_in=${next(3600)}`,
        `cache miss key=user:${next(10_000)}:profile`,
        `api key usage user=${hex(6)} count=${next(100)}`,
        `level=info msg="password changed" user=u${next(10_000)}`,
      ]
      const leak = lines % 50_000 === 0 ? ` Authorization: Bearer ${hex(40)}` : ''
      block.push(`${head} ${tails[next(5)]}${leak}`)
    }
    const text = `${block.join('\n')}\n`
    bytes += text.length
    if (!out.write(text)) await new Promise<void>((done) => out.once('drain', () => done()))
  }
  await new Promise<void>((done) => out.end(() => done()))
}

const number = (amount: number): string =>
  amount >= 100 ? amount.toFixed(0) : amount >= 10 ? amount.toFixed(1) : amount.toFixed(2)

async function bench(): Promise<void> {
  if (process.argv.includes('--help')) return void process.stdout.write(helpText)
  const names = value('--only', 'ours,compat,gitleaks,betterleaks,kingfisher').split(',')
  const scanners: Scanner[] = []
  for (const name of names) scanners.push(await scanner(name, resolve('bin/strongroom')))
  const wanted = value('--work', 'tree,history,log').split(',')
  const folder = mkdtempSync(join(tmpdir(), 'scanner-bench-'))
  const timeout = value('--timeout', '600')
  const rounds = Number(value('--rounds', '3'))
  const scenes: [string, Work, string][] = []
  try {
    for (const repo of values('--repo')) {
      for (const work of ['tree', 'history'] as const)
        if (wanted.includes(work)) scenes.push([`${basename(repo)}, ${work}`, work, resolve(repo)])
    }
    const logMegabytes = Number(value('--log-mb', '500'))
    if (wanted.includes('log') && logMegabytes > 0) {
      const log = join(folder, 'log', 'service.log')
      spawnSync('mkdir', ['-p', join(folder, 'log')])
      await makeLog(log, logMegabytes)
      scenes.push([`log, ${(statSync(log).size / 1e6).toFixed(0)} MB`, 'log', join(folder, 'log')])
    }
    process.stdout.write(
      '| what | scanner | CPU s | wall s | MB | findings | CPU, ours = 1 |\n|---|---|--:|--:|--:|--:|--:|\n',
    )
    for (const [title, work, path] of scenes) {
      const runs = new Map<string, Run[]>()
      const out = new Set<string>()
      for (let round = 0; round < rounds; round++) {
        for (const one of scanners) {
          if (out.has(one.name)) continue
          const report = join(folder, 'report.json')
          const run = measure(one.command(work, path, report), report, timeout)
          say(`${title}: ${one.name}: ${run ? `${number(run.cpuSeconds)} s CPU` : 'ended'}`)
          if (run) runs.set(one.name, [...(runs.get(one.name) ?? []), run])
          else out.add(one.name)
        }
      }
      const ours = runs.get('strongroom')
      const base = ours ? median(ours).cpuSeconds : Number.NaN
      for (const { name } of scanners) {
        const own = runs.get(name)
        if (!own || out.has(name)) {
          process.stdout.write(`| ${title} | ${name} | > ${timeout} | | | | |\n`)
          continue
        }
        const { cpuSeconds, wallSeconds, megabytes, findings } = median(own)
        const figures = [cpuSeconds, wallSeconds, megabytes].map(number)
        const ratio = number(cpuSeconds / base)
        process.stdout.write(
          `| ${title} | ${name} | ${figures.join(' | ')} | ${findings} | ${ratio} |\n`,
        )
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await bench()
