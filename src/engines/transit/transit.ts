// The transit secrets engine: encryption, signatures and MACs as a service, with keys that never leave it.
// Source: Vault's transit API pages; where they are silent, what OpenBao 2.6 answers.
import { secretsEngine } from '../../sdk/plugin.ts'
import { keyRotation } from './auto-rotation.ts'
import { backupRows } from './backup-rows.ts'
import { certificateRows } from './certificate-rows.ts'
import { configRows } from './config-rows.ts'
import { datakeyRows } from './datakey-rows.ts'
import { deriveRows } from './derive-rows.ts'
import { encryptRows } from './encrypt-rows.ts'
import { exportRows } from './export-rows.ts'
import { hashRows } from './hash-rows.ts'
import { importRows } from './import-rows.ts'
import { keyRows } from './key-rows.ts'
import { sweepVersions } from './key-store.ts'
import { macRows } from './mac-rows.ts'
import { signRows, verifyRows } from './sign-rows.ts'

export const transit = secretsEngine({
  type: 'transit',
  about: 'Encrypts, signs and authenticates data with keys that stay in the server.',
  endpoints: [
    ...keyRows,
    ...configRows,
    ...encryptRows,
    ...datakeyRows,
    ...signRows,
    ...verifyRows,
    ...macRows,
    ...hashRows,
    ...importRows,
    ...deriveRows,
    ...exportRows,
    ...backupRows,
    ...certificateRows,
  ],
  jobs: [sweepVersions],
  rotations: [keyRotation],
})
