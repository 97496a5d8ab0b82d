// The AWS secrets engine: IAM users with a lease, and sessions of STS.
// API: https://developer.hashicorp.com/vault/api-docs/secret/aws

import { secretsEngine } from '../../sdk/plugin.ts'
import { configRows } from './config-rows.ts'
import { credsRows } from './creds-rows.ts'
import { forgetOthers, iamUser } from './iam-user.ts'
import { leftKeysJob } from './left-keys.ts'
import { staticKeySecrets } from './live-secrets.ts'
import { roleRows } from './role-rows.ts'
import { rootRotation, rotateRootRows } from './rotate-root.ts'
import { stsSession } from './session.ts'
import { staticRotation, staticRows } from './static-roles.ts'

export const aws = secretsEngine({
  type: 'aws',
  about:
    'Makes AWS credentials on request: IAM users, assumed roles, federation and session tokens.',
  endpoints: [...configRows, ...rotateRootRows, ...roleRows, ...credsRows, ...staticRows],
  leases: [iamUser, stsSession],
  jobs: [leftKeysJob, forgetOthers],
  rotations: [rootRotation, staticRotation],
  liveSecrets: [staticKeySecrets],
})
