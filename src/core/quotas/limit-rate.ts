// The hop of a request that rate limits decide: after routing, before anything is looked at that costs more.
// Asked for only while some quota exists.
import { tooMany } from '../../base/errors.ts'
import { isJsonObject } from '../../base/json.ts'
import type { Core } from '../core.ts'
import type { Exchange } from '../exchange.ts'
import type { QuotaPlace, RateLimitRule } from './quota-rule.ts'
import type { ActiveQuotas } from './quota-store.ts'
import type { RateGrant } from './rate-windows.ts'

/** Throws 429 where the client's address is over its limit. */
export function limitRate(
  core: Core,
  quotas: ActiveQuotas,
  exchange: Exchange,
): Promise<void> | undefined {
  const place = exchange.place!
  const path = `${place.namespace.path}${place.path}`
  if (quotas.isExempt(path)) return undefined
  const rule = quotas.rates.ruleFor(quotaPlaceOf(exchange), roleOf(quotas, exchange))
  if (!rule) return undefined
  const grant = core.rates.take(rule, exchange.request.remoteAddress)
  if (grant instanceof Promise) return grant.then((one) => apply(quotas, exchange, rule, one, path))
  apply(quotas, exchange, rule, grant, path)
  return undefined
}

function apply(
  { config }: ActiveQuotas,
  exchange: Exchange,
  rule: RateLimitRule,
  grant: RateGrant,
  path: string,
): void {
  const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)))
  const headers: string[] = []
  if (config.sendsHeaders && grant.resetInMs > 0) {
    headers.push('X-Ratelimit-Limit', String(Math.floor(rule.rate)))
    headers.push('X-Ratelimit-Remaining', String(grant.left))
    headers.push('X-Ratelimit-Reset', seconds(grant.resetInMs))
  }
  if (grant.granted > 0) {
    if (headers.length > 0) exchange.replyHeaders = headers
    return
  }
  headers.push('Retry-After', seconds(grant.blockedForMs || grant.resetInMs))
  exchange.replyHeaders = headers
  exchange.isAuditSkipped = !config.auditsRefusals
  exchange.host.metrics.counts.rateLimited += 1
  throw tooMany(`request path ${JSON.stringify(path)}: rate limit quota exceeded`)
}

function quotaPlaceOf({ place }: Exchange): QuotaPlace {
  const { namespace, mount, mountPath } = place!
  return {
    namespaceId: namespace.id,
    namespacePath: namespace.path,
    mountId: mount?.record.id ?? null,
    mountPath,
  }
}

/** The role that a login names in its body. */
function roleOf(quotas: ActiveQuotas, { place, data }: Exchange): string {
  const mount = place!.mount
  if (mount?.record.class !== 'auth' || !quotas.rates.asksForRole(mount.record.id)) return ''
  const role = isJsonObject(data) ? data.role : undefined
  return typeof role === 'string' ? role : ''
}
