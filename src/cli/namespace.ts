// namespace: create, list, look up, change, delete, lock and unlock namespaces.
// API: sys/namespaces, relative to the namespace of the request.
import { type CommandContext, defineCommand, type Family, ONE_ARGUMENT } from './command.ts'
import { canonicalNamespace } from './connect.ts'
import { type Json, type JsonMap, OrderedMap, toJson } from './exact-json.ts'
import { attempt, Failure } from './failure.ts'
import { booleanFlag, listFlag, mapFlag } from './flags.ts'
import { printListed } from './list-result.ts'
import { keysOf, outputData, printField } from './output.ts'
import { ResponseError } from './response-error.ts'
import { isWrapped, textOf } from './secret.ts'

export const namespaceFamily: Family = {
  name: 'namespace',
  synopsis: 'Work with namespaces',
  about: [
    'A namespace is a server within the server: its mounts, policies, tokens and leases are its own. Names are ' +
      'relative to the namespace of -namespace.',
  ],
  examples: [
    { does: 'Create one:', run: ['{} namespace create team-a'] },
    { does: 'One inside it:', run: ['{} namespace create -namespace=team-a staging'] },
    { does: 'Work in it:', run: ['{} secrets list -namespace=team-a/staging'] },
  ],
}

const customMetadata = mapFlag(
  'A key=value to keep with the namespace. Can be given several times.',
)

function namespaceName(args: readonly string[]): string {
  return args[0]!.trim().replace(/^\/+/, '').replace(/\/+$/, '')
}

function required(data: JsonMap | null | undefined, doing: string): JsonMap {
  if (!data) throw new Failure(2, `${doing}: the server sent an empty answer`)
  return data
}

export const namespaceCreate = defineCommand({
  name: 'namespace create',
  synopsis: 'Create a namespace',
  usage: '[options] PATH',
  about: ['Creates a namespace inside the current one.'],
  examples: [
    { does: 'Create one:', run: ['{} namespace create team-a'] },
    { does: 'With metadata:', run: ['{} namespace create -custom-metadata=owner=ada team-a'] },
  ],
  output: ['field', 'format'],
  flags: { 'custom-metadata': customMetadata },
  arity: ONE_ARGUMENT,
  async run({ ui, flags, common, args, client }) {
    const api = await client()
    const body = toJson({ custom_metadata: Object.fromEntries(flags['custom-metadata']) })
    const doing = 'Error creating namespace'
    const answer = await attempt(doing, () =>
      api.write(`sys/namespaces/${namespaceName(args)}`, body, 'POST'),
    )
    const data = required(answer?.data, doing)
    const { field } = common
    if (field) return printField(ui, data.get(field), field)
    return outputData(ui, withoutShares(data))
  },
})

/** The answer without the key shares, where the namespace has no seal of its own. */
function withoutShares(data: JsonMap): JsonMap {
  const shares = data.get('key_shares')
  if (Array.isArray(shares) && shares.length > 0) return data
  data.delete('key_shares')
  data.delete('key_threshold')
  return data
}

export const namespaceDelete = defineCommand({
  name: 'namespace delete',
  synopsis: 'Delete a namespace',
  usage: '[options] PATH',
  about: [
    'Deletes a namespace with all that is in it. It is dead at once and cleared in the background.',
  ],
  examples: [{ does: 'Delete one:', run: ['{} namespace delete team-a'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['namespaces'],
  async run({ ui, args, client }) {
    const api = await client()
    const name = namespaceName(args)
    const answer = await attempt('Error deleting namespace', () =>
      api.remove(`sys/namespaces/${name}`),
    )
    if (textOf(answer?.data, 'status') === '') {
      ui.warn('Requested namespace does not exist')
      return 0
    }
    ui.out(`Success! Namespace deletion scheduled: ${name}/`)
    return 0
  },
})

const listFlags = {
  detailed: booleanFlag('Show all that is known of each namespace.'),
}

async function printNamespaces(
  context: CommandContext<typeof listFlags>,
  kind: 'list' | 'scan',
): Promise<number> {
  const { ui, flags } = context
  const api = await context.client()
  const doing = kind === 'list' ? 'Error listing namespaces' : 'Error scanning namespaces'
  const secret = await attempt(doing, () => api.list('sys/namespaces', null, kind))
  if (!keysOf(secret) && ui.format === 'table') throw new Failure(2, 'No namespaces found')
  if (secret?.data && flags.detailed && ui.format !== 'table' && !isWrapped(secret)) {
    return outputData(ui, secret.data.get('key_info') ?? new OrderedMap())
  }
  return printListed(ui, secret, 'sys/namespaces')
}

export const namespaceList = defineCommand({
  name: 'namespace list',
  synopsis: 'List the namespaces',
  usage: '[options]',
  about: ['Lists the namespaces inside the current one.'],
  examples: [
    { does: 'With ids and metadata:', run: ['{} namespace list -detailed'] },
    { does: 'Those inside them too:', run: ['{} namespace list -recursive'] },
  ],
  flags: {
    ...listFlags,
    recursive: booleanFlag('List also the namespaces inside those, and so on.', { aliases: ['r'] }),
  },
  run: (context) => printNamespaces(context, context.flags.recursive ? 'scan' : 'list'),
})

export const namespaceScan = defineCommand({
  name: 'namespace scan',
  synopsis: 'List the namespaces recursively',
  usage: '[options]',
  about: ['Lists the namespaces inside the current one, those inside them, and so on.'],
  examples: [{ does: 'List them:', run: ['{} namespace scan'] }],
  flags: listFlags,
  run: (context) => printNamespaces(context, 'scan'),
})

export const namespaceLookup = defineCommand({
  name: 'namespace lookup',
  synopsis: 'Show a namespace',
  usage: '[options] PATH',
  about: ['Shows the id, the path and the metadata of a namespace.'],
  examples: [{ does: 'Look one up:', run: ['{} namespace lookup team-a'] }],
  arity: ONE_ARGUMENT,
  completes: ['namespaces'],
  async run({ ui, args, client }) {
    const api = await client()
    const answer = await attempt('Error looking up namespace', () =>
      api.read(`sys/namespaces/${namespaceName(args)}`),
    )
    if (!answer?.data) throw new Failure(2, 'Namespace not found')
    return outputData(ui, answer.data)
  },
})

export const namespacePatch = defineCommand({
  name: 'namespace patch',
  synopsis: 'Change the metadata of a namespace',
  usage: '[options] PATH',
  about: ['Changes the custom metadata that is given and keeps the rest.'],
  examples: [
    { does: 'Set an owner:', run: ['{} namespace patch -custom-metadata=owner=ada team-a'] },
    { does: 'Remove it:', run: ['{} namespace patch -remove-custom-metadata=owner team-a'] },
  ],
  output: ['field', 'format'],
  flags: {
    'custom-metadata': customMetadata,
    'remove-custom-metadata': listFlag('A key of metadata to remove. Can be given several times.'),
  },
  arity: ONE_ARGUMENT,
  completes: ['namespaces'],
  async run({ ui, flags, common, args, client }) {
    const set = flags['custom-metadata']
    const removed = flags['remove-custom-metadata']
    if (set.size === 0 && removed.length === 0) {
      throw new Failure(
        1,
        'Must supply at least one of -custom-metadata or -remove-custom-metadata',
      )
    }
    const custom = new Map<string, Json>(set)
    for (const key of removed) custom.set(key, null)
    const api = await client()
    const doing = 'Error patching namespace'
    const answer = await attempt(doing, async () => {
      try {
        const body = new OrderedMap([['custom_metadata', custom]])
        return await api.patch(`sys/namespaces/${namespaceName(args)}`, body)
      } catch (error) {
        if (error instanceof ResponseError && error.status === 404) {
          throw new Failure(2, 'Namespace not found')
        }
        throw error
      }
    })
    const data = required(answer?.data, doing)
    const { field } = common
    return field ? printField(ui, data.get(field), field) : outputData(ui, data)
  },
})

const childPath = (args: readonly string[]): string =>
  args.length === 1 ? `/${canonicalNamespace(args[0]!)}` : ''

export const namespaceLock = defineCommand({
  name: 'namespace lock',
  synopsis: 'Lock the API of a namespace',
  usage: '[options] [PATH]',
  about: [
    'Locks a namespace and those inside it: its API answers nothing until it is unlocked. Prints the key that ' +
      'unlocks it. Without a path the current namespace is locked.',
  ],
  examples: [{ does: 'Lock one:', run: ['{} namespace lock team-a'] }],
  arity: { min: 0, max: 1, expected: '0 or 1' },
  completes: ['namespaces'],
  async run({ ui, args, client }) {
    const api = await client()
    const secret = await attempt('Error locking namespace', () =>
      api.write(`sys/namespaces/api-lock/lock${childPath(args)}`),
    )
    const data = required(secret?.data, 'Error locking namespace')
    if (ui.format !== 'table') return outputData(ui, data)
    ui.out(`Unlock Key: ${textOf(data, 'unlock_key')}`)
    ui.out(
      '\nThe namespace is locked. Keep the unlock key safe: without it, only the sudo capability\n' +
        'unlocks the namespace.',
    )
    return 0
  },
})

export const namespaceUnlock = defineCommand({
  name: 'namespace unlock',
  synopsis: 'Unlock the API of a namespace',
  usage: '[options] [PATH]',
  about: ['Unlocks a namespace with the key of -unlock-key, or without it by the sudo capability.'],
  examples: [{ does: 'Unlock one:', run: ['{} namespace unlock -unlock-key=KEY team-a'] }],
  arity: { min: 0, max: 1, expected: '0 or 1' },
  completes: ['namespaces'],
  async run({ ui, common, args, client }) {
    const api = await client()
    const body = toJson({ unlock_key: common['unlock-key'] })
    const secret = await attempt('Error unlocking namespace', () =>
      api.write(`sys/namespaces/api-lock/unlock${childPath(args)}`, body),
    )
    if (secret?.warnings) ui.warn(secret.warnings[0]!)
    else ui.out('Namespace unlocked successfully!')
    return 0
  },
})
