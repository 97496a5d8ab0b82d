// kv undelete and kv destroy: what happens to versions that are named.
// API: undelete/PATH and destroy/PATH with a list of versions.
import { barePath } from '../api-paths.ts'
import { type CommandContext, defineCommand, ONE_ARGUMENT } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { listFlag } from '../flags.ts'
import { printWritten } from '../write-result.ts'
import { locate, mountFlag, requireV2 } from './kv-path.ts'

/** The version numbers in repeated and comma-separated flags. */
export function versionList(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => flag.split(',').map((part) => part.trim())).filter(Boolean)
}

const versionFlags = {
  versions: listFlag('The versions, separated by commas.'),
  mount: mountFlag,
}

async function change(
  context: CommandContext<typeof versionFlags>,
  kind: 'undelete' | 'destroy',
): Promise<number> {
  const { ui, flags, common, args } = context
  const versions = versionList(flags.versions)
  if (versions.length === 0) {
    throw new Failure(1, `No versions provided: name those to ${kind} with -versions.`)
  }
  const api = await context.client()
  const place = await locate(api, flags.mount, barePath(args[0]!))
  const title = kind === 'undelete' ? 'Undelete' : 'Destroy'
  requireV2(place, `${title} not supported on KV Version 1`, 1)
  const path = place.path(kind)
  const secret = await attempt(`Error writing data to ${path}`, () =>
    api.write(path, toJson({ versions })),
  )
  return printWritten(ui, common, secret, `Success! Data written to: ${path}`)
}

export const kvUndelete = defineCommand({
  name: 'kv undelete',
  synopsis: 'Bring back deleted versions of a secret',
  usage: '[options] KEY',
  about: ['Makes deleted versions readable again. Destroyed ones are gone for good.'],
  examples: [
    { does: 'Bring back version 3:', run: ['{} kv undelete -mount=secret -versions=3 app/db'] },
  ],
  flags: versionFlags,
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  run: (context) => change(context, 'undelete'),
})

export const kvDestroy = defineCommand({
  name: 'kv destroy',
  synopsis: 'Destroy versions of a secret for good',
  usage: '[options] KEY',
  about: ['Removes the data of versions for good; they cannot be undeleted.'],
  examples: [
    { does: 'Destroy version 11:', run: ['{} kv destroy -mount=secret -versions=11 app/db'] },
  ],
  flags: versionFlags,
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  run: (context) => change(context, 'destroy'),
})
