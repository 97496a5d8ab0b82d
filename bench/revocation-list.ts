// What a long revocation list costs: certificates are issued and revoked, then the list is made anew while a
// light request is sent again and again. The CPU that the list takes, and the longest that anybody waited.
import { type ApiClient, apiClient, objectIn, textIn } from './api-client.ts'
import { pause } from './load.ts'
import type { BenchOptions } from './options.ts'
import { makeOwnData, removeOwnData, startOwnServer } from './own-server.ts'
import { preparePki } from './pki-requests.ts'
import { costOf, treeOf } from './process-tree.ts'
import type { RevocationListFigure } from './report.ts'

const PROGRESS_STEP = 20_000
const PROBE_PAUSE_MS = 2
const ROUNDS = 3

/** Issues and revokes over the API; lists wait (auto_rebuild), so that each revocation is one commit. */
async function revokeMany(
  client: ApiClient,
  count: number,
  connections: number,
  onProgress: (done: number) => void,
): Promise<void> {
  await client.call('POST', 'pki/config/crl', { auto_rebuild: true })
  let begun = 0
  let done = 0
  const names = { common_name: 'a.example.com', ttl: '48h' }
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (begun++ < count) {
        const issued = await client.call('POST', 'pki/issue/bench', names)
        const serial = textIn(objectIn(issued.body, 'data'), 'serial_number')
        await client.call('POST', 'pki/revoke', { serial_number: serial })
        onProgress(++done)
      }
    }),
  )
}

/** The longest answer of a light request while `work` goes on, and how long that took; milliseconds. */
async function longestWait(
  base: string,
  work: () => Promise<unknown>,
): Promise<{ readonly longestMs: number; readonly wallMs: number }> {
  let isRunning = true
  let longestMs = 0
  const startedAt = performance.now()
  const running = work().finally(() => {
    isRunning = false
  })
  while (isRunning) {
    const sentAt = performance.now()
    await (await fetch(`${base}/v1/sys/health`)).arrayBuffer()
    longestMs = Math.max(longestMs, performance.now() - sentAt)
    await pause(PROBE_PAUSE_MS)
  }
  await running
  return { longestMs, wallMs: performance.now() - startedAt }
}

export async function measureRevocationList(
  command: string,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<RevocationListFigure> {
  const data = makeOwnData()
  const entries = options.revokedCertificates
  const server = await startOwnServer(data, {
    command,
    workers: options.workers[0]!,
    hasAudit: options.hasAudit,
  })
  try {
    const client = apiClient(server.base, server.rootToken)
    await preparePki(client)
    await revokeMany(client, entries, options.connections, (done) => {
      if (done % PROGRESS_STEP === 0) say(`${done} of ${entries} certificates revoked`)
    })
    const figures: RevocationListFigure[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const idle = await longestWait(server.base, () => pause(1000))
      const cpuBefore = costOf(treeOf([server.pid])).cpuSeconds
      const busy = await longestWait(server.base, () => client.call('GET', 'pki/crl/rotate'))
      const cpuSeconds = costOf(treeOf([server.pid])).cpuSeconds - cpuBefore
      const list = await fetch(`${server.base}/v1/pki/crl`)
      const bytes = (await list.arrayBuffer()).byteLength
      const figure = {
        ...{ entries, bytes, cpuSeconds, wallMs: busy.wallMs },
        ...{ longestWaitMs: busy.longestMs, longestIdleWaitMs: idle.longestMs },
      }
      say(
        `list of ${entries}: ${cpuSeconds.toFixed(2)} cpu-s, longest wait ${busy.longestMs.toFixed(1)} ms`,
      )
      figures.push(figure)
    }
    return figures.sort((a, b) => a.cpuSeconds - b.cpuSeconds)[Math.floor(ROUNDS / 2)]!
  } finally {
    await server.stop()
    removeOwnData(data)
  }
}
