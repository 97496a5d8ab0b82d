// The KV secrets engine, versions 1 and 2: named JSON objects, in v2 with a history. The mount's option
// `version` chooses; both keep a key under the same storage key, so changing it from 1 to 2 moves nothing.
import { secretsEngine } from '../../sdk/plugin.ts'
import { configRows } from './config-rows.ts'
import { dataRows } from './data-rows.ts'
import { invalidRows } from './invalid-rows.ts'
import { listRows } from './list-rows.ts'
import { kvLiveSecrets } from './live-secrets.ts'
import { metadataRows } from './metadata-rows.ts'
import { subkeysRows } from './subkeys-rows.ts'
import { sweepJob } from './sweep.ts'
import { v1Rows } from './v1-rows.ts'
import { versionRows } from './version-rows.ts'

const v2Rows = [
  ...configRows,
  ...dataRows,
  ...versionRows,
  ...metadataRows,
  ...listRows,
  ...subkeysRows,
  ...invalidRows,
]

export const kv = secretsEngine({
  type: 'kv',
  about: 'Stores secrets as JSON objects, with a history in version 2.',
  endpoints: v2Rows,
  jobs: [sweepJob],
  liveSecrets: [kvLiveSecrets],
  variants: (options) => (options.version === '2' ? v2Rows : v1Rows),
})
