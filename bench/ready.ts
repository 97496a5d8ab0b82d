// How soon a server serves again: many tokens with their leases are stored, the server is stopped and
// started on the same data, and the clock runs from sending the unseal key to the first read answered.
import type { BenchOptions } from './options.ts'
import { makeOwnData, removeOwnData, startOwnServer } from './own-server.ts'
import { costOf, treeOf } from './process-tree.ts'
import type { ReadyFigure } from './report.ts'
import { secretName } from './requests.ts'
import { prepareTarget, storeSecrets, storeTokens } from './target.ts'

const PROGRESS_STEP = 100_000

export async function measureReady(
  command: string,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<ReadyFigure> {
  const data = makeOwnData()
  const started = { command, workers: options.workers[0]!, hasAudit: options.hasAudit }
  const tokens = options.readyTokens
  try {
    const first = await startOwnServer(data, started)
    let token = ''
    try {
      const place = { name: '', base: first.base, token: first.rootToken, pids: [first.pid] }
      const target = await prepareTarget({ ...place, hasDefaultPolicy: true, operations: [] }, 1)
      token = target.api.token
      await storeSecrets(target, 1, () => {})
      await storeTokens(target, tokens, options.connections, (done) => {
        if (done % PROGRESS_STEP === 0) say(`${done} of ${tokens} tokens stored`)
      })
    } finally {
      await first.stop()
    }
    const again = await startOwnServer(data, started)
    try {
      const answer = await fetch(`${again.base}/v1/secret/data/${secretName(0)}`, {
        headers: { 'X-Vault-Token': token },
      })
      await answer.arrayBuffer()
      if (answer.status !== 200) throw new Error(`first read: ${answer.status}`)
      const firstReadMs = performance.now() - again.unsealSentAt
      const { rssAnonBytes, rssBytes } = costOf(treeOf([again.pid]))
      return { tokens, unsealMs: again.unsealMs, firstReadMs, rssAnonBytes, rssBytes }
    } finally {
      await again.stop()
    }
  } finally {
    removeOwnData(data)
  }
}
