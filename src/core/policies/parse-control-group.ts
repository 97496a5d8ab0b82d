// control_group of a policy's rule: who has to approve before a request is carried out. A group that
// nobody has to approve is refused, for it would look like protection and be none.
import { HclError, type HclValue } from '../../base/hcl.ts'
import {
  readBlocks,
  readInteger,
  readObject,
  readSeconds,
  readTexts,
  refuseUnknown,
  uniqueItems,
} from '../../base/hcl-values.ts'
import type { ControlGroup } from './policy.ts'

type Factor = ControlGroup['factors'][number]

/** How long a request waits for approval unless the group says otherwise. */
const DEFAULT_TTL_SECONDS = 24 * 3600

export function parseControlGroup(value: HclValue, name: string): ControlGroup {
  const { items, at } = readObject(value, name)
  refuseUnknown(items, ['ttl', 'max_ttl', 'factor'])
  const plain = uniqueItems(
    items.filter((item) => item.keys[0]!.value !== 'factor'),
    name,
  )
  const [ttl, maxTtl] = ['ttl', 'max_ttl'].map((key) => {
    const item = plain.get(key)
    return item ? readSeconds(item.value, key) : 0
  })
  const factors = readBlocks(items, 'factor', 1).map((block): Factor => {
    const factor = block.labels[0]
    if (factor === undefined || block.labels.length > 1) {
      throw new HclError(block.at, 'expected one name in quotes after "factor"')
    }
    return parseFactor(factor, block.body)
  })
  if (factors.length === 0) throw new HclError(at, `"${name}" takes at least one factor`)
  const wanted = ttl || DEFAULT_TTL_SECONDS
  return { ttlSeconds: maxTtl ? Math.min(wanted, maxTtl) : wanted, factors }
}

function parseFactor(name: string, value: HclValue): Factor {
  const { items, at } = readObject(value, 'factor')
  refuseUnknown(items, ['identity', 'controlled_capabilities'])
  const members = uniqueItems(items, 'factor')
  const identity = members.get('identity')
  if (!identity) throw new HclError(at, `factor "${name}" takes an identity block`)
  const body = readObject(identity.value, 'identity')
  refuseUnknown(body.items, ['group_ids', 'group_names', 'approvals'])
  const parts = uniqueItems(body.items, 'identity')
  const texts = (key: string): string[] => {
    const item = parts.get(key)
    return item ? readTexts(item.value, key) : []
  }
  const approvals = parts.get('approvals')
  if (!approvals) throw new HclError(body.at, 'identity takes "approvals", a number of at least 1')
  const groupIds = texts('group_ids')
  const groupNames = texts('group_names')
  if (groupIds.length + groupNames.length === 0) {
    throw new HclError(body.at, 'identity takes "group_names" or "group_ids" that are not empty')
  }
  const controlled = members.get('controlled_capabilities')
  return {
    name,
    groupIds,
    groupNames,
    approvals: readInteger(approvals.value, 'approvals', 1),
    controlledCapabilities: controlled
      ? readTexts(controlled.value, 'controlled_capabilities')
      : [],
  }
}
