// list and scan: the keys below a path, one level or all of them.
// API: GET with list=true or scan=true, which also proxies let through.
import { barePath } from './api-paths.ts'
import { type CommandContext, defineCommand, ONE_ARGUMENT } from './command.ts'
import { attempt } from './failure.ts'
import { booleanFlag, type FlagValues, integerFlag, stringFlag } from './flags.ts'
import { printListed } from './list-result.ts'

const pageFlags = {
  after: stringFlag('Begin after this key, where the path can list by pages.'),
  limit: integerFlag('List at most this many keys, where the path can list by pages.', {
    initial: -1,
  }),
}
const listFlags = {
  ...pageFlags,
  recursive: booleanFlag('List everything below the path, not only its own level.', {
    aliases: ['r'],
  }),
}

/** The page that the flags ask for; null for all of it. */
export function pageOf(flags: FlagValues<typeof pageFlags>) {
  return flags.after === '' && flags.limit <= 0 ? null : { after: flags.after, limit: flags.limit }
}

async function run(
  context: CommandContext<typeof pageFlags>,
  kind: 'list' | 'scan',
): Promise<number> {
  const api = await context.client()
  const path = barePath(context.args[0]!)
  const doing = kind === 'list' ? `Error listing ${path}` : `Error scanning ${path}`
  const secret = await attempt(doing, () => api.list(path, pageOf(context.flags), kind))
  return printListed(context.ui, secret, path)
}

export const list = defineCommand({
  name: 'list',
  synopsis: 'List data or secrets',
  usage: '[options] PATH',
  about: ['Lists the keys at a path. Not every path can be listed.'],
  examples: [
    { does: 'List a folder:', run: ['{} list secret/metadata/my-app/'] },
    {
      does: 'A page of 50 after a known key:',
      run: ['{} list -after=a7 -limit=50 sys/policies/acl'],
    },
    { does: 'Everything below a folder:', run: ['{} list -recursive secret/metadata/'] },
  ],
  output: ['format', 'detailed'],
  flags: listFlags,
  arity: ONE_ARGUMENT,
  completes: ['path-folders'],
  run: (context) => run(context, context.flags.recursive ? 'scan' : 'list'),
})

export const scan = defineCommand({
  name: 'scan',
  synopsis: 'List data or secrets below a path, recursively',
  usage: '[options] PATH',
  about: ['Lists the keys at a path and everything below. Not every path can be scanned.'],
  examples: [{ does: 'List a whole tree:', run: ['{} scan secret/metadata/my-app/'] }],
  output: ['format', 'detailed'],
  flags: pageFlags,
  arity: ONE_ARGUMENT,
  completes: ['path-folders'],
  run: (context) => run(context, 'scan'),
})
