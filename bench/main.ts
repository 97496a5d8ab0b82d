// `npm run bench`: starts our server with durable storage and a file audit device, stores secrets,
// and measures it over loopback, round by round beside the peers that were named.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { apiClient, textIn } from './api-client.ts'
import { chartSvg } from './chart.ts'
import { type Figure, type Measured, measureRounds } from './measure.ts'
import { type BenchOptions, helpText, type PeerOption, parseOptions } from './options.ts'
import { makeOwnData, removeOwnData, startOwnServer } from './own-server.ts'
import { measureReady } from './ready.ts'
import {
  machineText,
  markdownTables,
  measuredTitle,
  type Report,
  terminalTable,
  whole,
} from './report.ts'
import { measureRevocationList } from './revocation-list.ts'
import { prepareTarget, storeCertificates, storeSecrets, type Target } from './target.ts'

const OWN_NAME = 'Strongroom'
const COMMAND = resolve('bin/strongroom')
const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function bench(options: BenchOptions): Promise<void> {
  const peers: Target[] = []
  for (const peer of options.peers) peers.push(await preparePeer(peer, options))
  const figures: Figure[] = []
  if (options.hasOwn) {
    for (const secrets of options.secrets) {
      // A peer holds the smallest number of secrets: storing a million takes some of them an hour.
      const beside = secrets === options.secrets[0] ? peers : []
      figures.push(...(await measureOwn(options, secrets, beside)))
    }
  } else {
    figures.push(...(await measure(options, peers.map(asPeer))))
  }
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    machine: machineText(),
    connections: options.connections,
    rounds: options.rounds,
    seconds: options.seconds,
    hasAudit: options.hasAudit,
    hasDefaultPolicy: options.hasDefaultPolicy,
    loginsPerSecond: options.loginsPerSecond,
    figures,
    ready: options.readyTokens > 0 ? await measureReady(COMMAND, options, say) : null,
    revocationList:
      options.revokedCertificates > 0 ? await measureRevocationList(COMMAND, options, say) : null,
  }
  process.stdout.write(terminalTable(report))
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (options.svg) writeFileSync(options.svg, chartSvg(report))
  if (options.markdown) writeMarkdown(options.markdown, options.svg, report)
}

const asPeer = (target: Target): Measured => ({ target, workers: null })

async function preparePeer(peer: PeerOption, options: BenchOptions): Promise<Target> {
  const health = await apiClient(peer.base, '').call('GET', 'sys/health', undefined, [200, 404])
  const version = textIn(health.body, 'version')
  const name = version === '' ? peer.name : `${peer.name} ${version}`
  const { hasDefaultPolicy, operations } = options
  const target = await prepareTarget(
    { ...peer, name, hasDefaultPolicy, operations },
    options.secrets[0]!,
  )
  await store(target, options)
  return target
}

/** Stores once, then measures with each number of workers on the same data. */
async function measureOwn(
  options: BenchOptions,
  secrets: number,
  peers: readonly Target[],
): Promise<Figure[]> {
  const figures: Figure[] = []
  const data = makeOwnData()
  try {
    for (const [turn, workers] of options.workers.entries()) {
      const server = await startOwnServer(data, {
        command: COMMAND,
        workers,
        hasAudit: options.hasAudit,
      })
      try {
        const { base, rootToken: token, pid } = server
        const { hasDefaultPolicy, operations } = options
        const place = {
          ...{ name: OWN_NAME, base, token, pids: [pid] },
          ...{ hasDefaultPolicy, operations },
        }
        const target = await prepareTarget(place, secrets)
        if (turn === 0) await store(target, options)
        if (turn === 0 && options.certificates > 0) await issueBefore(target, options)
        const own: Measured = { target, workers }
        // Each peer is measured beside every number of workers, but stands in the table once.
        const all = await measure(options, [own, ...peers.map(asPeer)])
        figures.push(...all.filter((figure) => figure.workers !== null || turn === 0))
      } finally {
        await server.stop()
      }
    }
  } finally {
    removeOwnData(data)
  }
  return figures
}

async function store(target: Target, options: BenchOptions): Promise<void> {
  const { secrets } = target.api
  const startedAt = performance.now()
  await storeSecrets(target, options.connections, (done) => {
    if (done % 100_000 === 0) say(`${target.name}: ${whole(done)} of ${whole(secrets)} stored`)
  })
  const seconds = (performance.now() - startedAt) / 1000
  say(`${target.name}: ${whole(secrets)} secrets stored in ${seconds.toFixed(1)} s`)
}

async function issueBefore(target: Target, options: BenchOptions): Promise<void> {
  const { certificates, connections } = options
  const startedAt = performance.now()
  await storeCertificates(target, certificates, connections, (done) => {
    if (done % 100_000 !== 0) return
    const perSecond = whole(done / ((performance.now() - startedAt) / 1000))
    say(`${target.name}: ${whole(done)} of ${whole(certificates)} issued, ${perSecond}/s so far`)
  })
}

function measure(options: BenchOptions, measured: readonly Measured[]): Promise<Figure[]> {
  return measureRounds(measured, {
    ...options,
    onSample(target, operation, sample) {
      const perSecond = whole(sample.requests / sample.seconds)
      const perCpuSecond = whole(sample.requests / sample.cpuSeconds)
      say(
        `${target.name.padEnd(24)} ${measuredTitle(operation).padEnd(24)}` +
          `${perSecond.padStart(8)}/s ${perCpuSecond.padStart(8)}/cpu-s`,
      )
    },
  })
}

const BEGIN = '<!-- figures: npm run bench writes them -->'
const END = '<!-- end of figures -->'

/** Replaces what stands between the two marks of the file. */
function writeMarkdown(file: string, svg: string | null, report: Report): void {
  const page = existsSync(file) ? readFileSync(file, 'utf8') : `${BEGIN}\n${END}\n`
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END)
  if (from < 0 || to < from) throw new Error(`${file} lacks the lines ${BEGIN} and ${END}`)
  const audit = report.hasAudit ? 'file audit device with its chain on' : 'no audit device'
  const policies = report.hasDefaultPolicy ? 'one policy and `default`' : 'one policy'
  const intro = [
    `${report.date}; ${report.machine}. ${report.connections} connections over loopback, the load`,
    `generator on the same machine; ${audit}; a service token with ${policies}; median of ${report.rounds} rounds of`,
    `${report.seconds} s, servers taking turns within each round. The ratio is ours over the peer's,`,
    'per CPU second.',
  ]
  const chart = svg === null ? [] : [`![Requests per CPU second](${basename(svg)})`, '']
  const figures = [BEGIN, '', ...intro, '', ...chart, markdownTables(report).trim(), '', END]
  const text = figures.join('\n') + page.slice(to + END.length)
  writeFileSync(file, page.slice(0, from) + text)
}

if (process.argv.includes('--help')) process.stdout.write(helpText)
else await bench(parseOptions(process.argv.slice(2)))
