// What a KV read and a look-up cost in the audit part alone: building, hashing, chaining and writing both
// lines to a file, in CPU microseconds a request. Run: node bench/audit.ts (Node that strips types), or
// through esbuild. The goal for the KV read is 24 us (hot path budget).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileAudit } from '../src/audit/file/file-device.ts'
import { systemClock } from '../src/base/clock.ts'
import { RawJson } from '../src/base/json.ts'
import { systemRandom } from '../src/base/random.ts'
import { AuditBroker } from '../src/core/audit/audit-broker.ts'
import {
  type AuditRequest,
  type AuditResponse,
  AuthFragments,
} from '../src/core/audit/audit-entry.ts'
import type { Log } from '../src/sdk/log.ts'
import { memoryCoreStorage } from '../test/support/memory-core-storage.ts'

const ROUNDS = 5
const REQUESTS = 30_000
/** Requests that one turn of the event loop brings, as 32 busy connections do. */
const PER_TICK = 16

const nothing = (): void => undefined
const silent: Log = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  named: () => silent,
}
const auth = {
  clientToken: `hvs.${'x'.repeat(91)}`,
  accessor: 'a'.repeat(24),
  displayName: 'userpass-app',
  policies: ['default', 'app'],
  tokenPolicies: ['default', 'app'],
  metadata: { username: 'app' },
  entityId: systemRandom.uuid(),
  tokenType: 'service' as const,
  tokenTtlSeconds: 2764800,
  tokenIssueTime: '2026-01-02T03:04:05Z',
  fragments: new AuthFragments(),
}
const secrets = { point: 'secret/', type: 'kv', accessor: 'kv_12345678', class: 'secret' as const }
const tokens = {
  point: 'auth/token/',
  type: 'token',
  accessor: 'auth_token_1',
  class: 'auth' as const,
}
const namespace = { id: 'root', path: '' }
const policyResults = {
  allowed: true,
  granting: [{ name: 'app', namespaceId: 'root', namespacePath: '', type: 'acl' }],
}

function request(path: string): AuditRequest {
  return {
    timeMs: systemClock.now(),
    id: systemRandom.uuid(),
    clientId: auth.entityId,
    operation: 'read',
    mount: path.startsWith('auth/') ? tokens : secrets,
    namespace,
    path,
    auth,
    policyResults,
    remoteAddress: '127.0.0.1',
    remotePort: 40000,
  }
}

const kvAnswer = (n: number): AuditResponse => ({
  timeMs: systemClock.now(),
  data: {
    data: new RawJson(
      `{"username":"app-${n}","password":"s3cret-${n}","url":"postgres://db/${n}"}`,
    ),
    metadata: {
      created_time: '2026-01-02T03:04:05.123456789Z',
      custom_metadata: null,
      deletion_time: '',
      destroyed: false,
      version: 3,
    },
  },
})

const lookupAnswer = (n: number): AuditResponse => ({
  timeMs: systemClock.now(),
  data: {
    accessor: auth.accessor,
    creation_time: 1795525602,
    creation_ttl: 2764800,
    display_name: auth.displayName,
    entity_id: auth.entityId,
    expire_time: '2026-02-02T03:04:05.123456789Z',
    explicit_max_ttl: 0,
    id: auth.clientToken,
    issue_time: '2026-01-02T03:04:05.123456789Z',
    meta: { username: 'app' },
    num_uses: 0,
    orphan: true,
    path: 'auth/userpass/login/app',
    policies: ['default', 'app'],
    renewable: true,
    ttl: 2764000 - n,
    type: 'service',
  },
})

async function measure(
  broker: AuditBroker,
  path: string,
  answer: (n: number) => AuditResponse,
): Promise<number> {
  const results: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let n = 0; n < REQUESTS; ) {
      const waits: (Promise<void> | undefined)[] = []
      for (let k = 0; k < PER_TICK; k++, n++) waits.push(broker.pair(request(path), answer(n)))
      await Promise.all(waits)
    }
    const used = process.cpuUsage(before)
    results.push((used.user + used.system) / REQUESTS)
  }
  return results.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

const folder = mkdtempSync(join(tmpdir(), 'audit-bench-'))
const broker = new AuditBroker({
  storage: memoryCoreStorage(),
  plugins: [fileAudit],
  clock: systemClock,
  random: systemRandom,
  log: silent,
})
const options = { file_path: join(folder, 'audit.log') }
await broker.enable({
  path: 'file',
  type: 'file',
  description: '',
  options,
  local: false,
  fromRequest: false,
})
console.log(`KV read      ${(await measure(broker, 'secret/data/app', kvAnswer)).toFixed(1)} us`)
console.log(
  `look-up self ${(await measure(broker, 'auth/token/lookup-self', lookupAnswer)).toFixed(1)} us`,
)
await broker.close()
rmSync(folder, { recursive: true })
