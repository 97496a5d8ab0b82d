// ConfigMaps of a running cluster, by plain GETs of the API in pages (limit and continue), so that a large cluster is
// never held whole. API: Kubernetes "Retrieving large results sets in chunks".
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { SCAN_CONFIG_MAP_BYTES, SCAN_CONFIG_MAP_PAGE } from '../../base/limits.ts'
import type { Source } from '../source.ts'
import { configMapSource } from './config-map-source.ts'
import type { ClusterAccess } from './kubeconfig.ts'
import type { SourceSettings } from './source-settings.ts'

const WAIT_MS = 30_000

/** All namespaces when `namespace` is ''. The access is asked for when the reading starts. */
export function liveConfigMapSource(
  access: () => Promise<ClusterAccess>,
  namespace: string,
  settings: SourceSettings,
): Source {
  return configMapSource(settings, async function* (notes, signal) {
    const cluster = await access()
    const where = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`
    for (let next = ''; ; ) {
      const query = new URLSearchParams({ limit: String(SCAN_CONFIG_MAP_PAGE) })
      if (next !== '') query.set('continue', next)
      const base = cluster.server.pathname.replace(/\/$/, '')
      const answer = await get(cluster, `${base}/api/v1${where}/configmaps?${query}`, signal)
      if (answer.status === 410 && next !== '') {
        const why = 'the list expired while it was read: scan again'
        notes.skipped({ what: 'configmaps', why, makesPartial: true })
        return
      }
      if (answer.status !== 200) throw new Error(refusal(answer))
      const page = JSON.parse(answer.text) as {
        items?: unknown[]
        metadata?: { continue?: string; remainingItemCount?: number }
      }
      yield* page.items ?? []
      next = page.metadata?.continue ?? ''
      if (next === '') return
    }
  })
}

interface Answer {
  readonly status: number
  readonly text: string
}

function refusal({ status, text }: Answer): string {
  const said = /"message":\s*"((?:[^"\\]|\\.){1,300})/.exec(text)?.[1]
  return `the cluster answered ${status}${said === undefined ? '' : `: ${said}`}`
}

function get(cluster: ClusterAccess, path: string, signal: AbortSignal): Promise<Answer> {
  const { server, token, ca, cert, key, serverName, isInsecure } = cluster
  const request = server.protocol === 'http:' ? httpRequest : httpsRequest
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port || (server.protocol === 'http:' ? 80 : 443),
        path,
        signal,
        timeout: WAIT_MS,
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(ca === null ? {} : { ca }),
        ...(cert === null || key === null ? {} : { cert, key }),
        ...(serverName === null ? {} : { servername: serverName }),
        rejectUnauthorized: !isInsecure,
      },
      (response) => void readBody(response).then(resolve, reject),
    )
    sent.on('timeout', () => sent.destroy(new Error('the cluster does not answer')))
    sent.on('error', reject)
    sent.end()
  })
}

async function readBody(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response) {
    size += (part as Buffer).length
    if (size > SCAN_CONFIG_MAP_BYTES) {
      response.destroy()
      throw new Error('the cluster sent a page that is too large')
    }
    parts.push(part as Buffer)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }
}
