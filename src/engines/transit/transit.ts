// The transit secrets engine: encryption, signatures and MACs as a service, with keys that never leave it.
// Source: Vault's transit API pages; where they are silent, what OpenBao 2.6 answers.
import { secretsEngine } from '../../sdk/plugin.ts'
import { configRows } from './config-rows.ts'
import { encryptRows } from './encrypt-rows.ts'
import { keyRows } from './key-rows.ts'
import { sweepVersions } from './key-store.ts'

export const transit = secretsEngine({
  type: 'transit',
  about: 'Encrypts, signs and authenticates data with keys that stay in the server.',
  endpoints: [...keyRows, ...configRows, ...encryptRows],
  jobs: [sweepVersions],
})
