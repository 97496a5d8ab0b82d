// sys/ and the other tables that are core's own, in the form in which plugins come: one file per topic.

import type { RequestContext } from '../../sdk/context.ts'
import type { Row } from '../../sdk/endpoints.ts'
import type { Engine } from '../../sdk/plugin.ts'
import { cubbyholeEndpoints } from '../cubbyhole/cubbyhole-endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { tokenEndpoints } from '../tokens/token-endpoints.ts'
import { wrappingEndpoints } from '../wrapping/wrapping-endpoints.ts'
import { auditEndpoints } from './audit-endpoints.ts'
import { capabilityEndpoints } from './capability-endpoints.ts'
import { configEndpoints } from './config-endpoints.ts'
import { generateRootEndpoints } from './generate-root-endpoints.ts'
import { hostEndpoints } from './host-endpoints.ts'
import { inspectEndpoints } from './inspect-endpoints.ts'
import { leaseEndpoints } from './lease-endpoints.ts'
import { leaseQueueEndpoints } from './lease-queue-endpoints.ts'
import { liveSecretEndpoints } from './live-secret-endpoints.ts'
import { loggerEndpoints } from './logger-endpoints.ts'
import { metricsEndpoints } from './metrics-endpoints.ts'
import { mountEndpoints } from './mount-endpoints.ts'
import { namespaceEndpoints } from './namespace-endpoints.ts'
import { passwordPolicyEndpoints } from './password-policy-endpoints.ts'
import { pluginEndpoints } from './plugin-endpoints.ts'
import { policyEndpoints } from './policy-endpoints.ts'
import { quotaEndpoints } from './quota-endpoints.ts'
import { rawEndpoints } from './raw-endpoints.ts'
import { rekeyEndpoints } from './rekey-endpoints.ts'
import { rotateEndpoints } from './rotate-endpoints.ts'
import { rotationEndpoints } from './rotation-endpoints.ts'
import { sealEndpoints } from './seal-endpoints.ts'
import { specEndpoints } from './spec-endpoints.ts'
import { toolEndpoints } from './tool-endpoints.ts'

/** Core's rows see the whole CoreContext, which is what every request is given. */
const rows = (table: readonly Row<CoreContext>[]): readonly Row<RequestContext>[] =>
  table as unknown as readonly Row<RequestContext>[]

export const systemEngine: Engine = {
  class: 'secret',
  type: 'system',
  about: 'System endpoints used for control, policy and debugging.',
  endpoints: rows([
    ...sealEndpoints,
    ...rekeyEndpoints,
    ...generateRootEndpoints,
    ...rotateEndpoints,
    ...rotationEndpoints,
    ...mountEndpoints,
    ...policyEndpoints,
    ...namespaceEndpoints,
    ...capabilityEndpoints,
    ...leaseEndpoints,
    ...leaseQueueEndpoints,
    ...liveSecretEndpoints,
    ...auditEndpoints,
    ...wrappingEndpoints,
    ...specEndpoints,
    ...toolEndpoints,
    ...passwordPolicyEndpoints,
    ...configEndpoints,
    ...hostEndpoints,
    ...inspectEndpoints,
    ...loggerEndpoints,
    ...metricsEndpoints,
    ...pluginEndpoints,
    ...quotaEndpoints,
    ...rawEndpoints,
  ]),
}

export const coreEngines: readonly Engine[] = [
  systemEngine,
  {
    class: 'secret',
    type: 'cubbyhole',
    about: 'Secrets that belong to one token and end with it.',
    endpoints: rows(cubbyholeEndpoints),
  },
  {
    class: 'auth',
    type: 'token',
    about: 'Tokens: create, look up, renew, revoke.',
    endpoints: rows(tokenEndpoints),
  },
]
