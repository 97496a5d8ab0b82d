// kv list and kv scan: the secrets in a folder, one level or all of them.
// API: metadata/PATH on version 2, with list=true or scan=true.
import { barePath } from '../api-paths.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag } from '../flags.ts'
import { printListed } from '../list-result.ts'
import { locate, mountFlag } from './kv-path.ts'

const scanFlags = { mount: mountFlag }
const listFlags = {
  mount: mountFlag,
  recursive: booleanFlag('List everything below the path, not only its own level.', {
    aliases: ['r'],
  }),
}

async function run(
  context: CommandContext<typeof scanFlags>,
  kind: 'list' | 'scan',
): Promise<number> {
  const { ui, flags, args } = context
  if (args.length < 1 && flags.mount === '') {
    throw new Failure(1, `Not enough arguments (expected 1, got ${args.length})`)
  }
  const api = await context.client()
  const place = await locate(api, flags.mount, barePath(args[0] ?? ''))
  const path = place.path('metadata')
  const doing = kind === 'list' ? `Error listing ${path}` : `Error scanning ${path}`
  const secret = await attempt(doing, () => api.list(path, null, kind))
  return printListed(ui, secret, path)
}

const arity = { min: 0, max: 1, expected: '1' }

export const kvList = defineCommand({
  name: 'kv list',
  synopsis: 'List secrets',
  usage: '[options] PATH',
  about: ['Lists the secrets and folders at a path.'],
  examples: [
    { does: 'List a folder:', run: ['{} kv list -mount=secret app/'] },
    { does: 'Everything in an engine:', run: ['{} kv list -recursive -mount=secret'] },
  ],
  flags: listFlags,
  arity,
  completes: ['path-folders'],
  run: (context) => run(context, context.flags.recursive ? 'scan' : 'list'),
})

export const kvScan = defineCommand({
  name: 'kv scan',
  synopsis: 'List secrets recursively',
  usage: '[options] PATH',
  about: ['Lists the secrets at a path and everything below.'],
  examples: [{ does: 'Everything in a folder:', run: ['{} kv scan -mount=secret app/'] }],
  flags: scanFlags,
  arity,
  completes: ['path-folders'],
  run: (context) => run(context, 'scan'),
})
