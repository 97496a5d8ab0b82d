// write and patch: PUT and PATCH any path.
// PATCH is sent as application/merge-patch+json, the only form that servers take.
import { barePath } from './api-paths.ts'
import type { Client } from './client.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { parseData } from './data-arguments.ts'
import type { JsonMap } from './exact-json.ts'
import { attempt, Failure } from './failure.ts'
import { booleanFlag, type Flag } from './flags.ts'
import { finishMfa } from './mfa.ts'
import type { Secret } from './secret.ts'
import { printWritten } from './write-result.ts'

const flags = {
  force: booleanFlag('Go on without data, for paths that need none.', { aliases: ['f'] }),
}

async function send(
  context: CommandContext<{ force: Flag<boolean> }>,
  request: (api: Client, path: string, data: JsonMap) => Promise<Secret | null>,
): Promise<number> {
  const { ui, args, common } = context
  if (args.length === 1 && !context.flags.force) {
    throw new Failure(1, 'Must supply data or use -force')
  }
  const path = barePath(args[0]!)
  const data = await parseData(args.slice(1), context.input)
  const api = await context.client()
  const answer = await attempt(`Error writing data to ${path}`, () => request(api, path, data))
  const secret = await finishMfa(context, api, answer)
  return printWritten(ui, common, secret, `Success! Data written to: ${path}`)
}

export const write = defineCommand({
  name: 'write',
  synopsis: 'Write data, configuration, and secrets',
  usage: '[options] PATH [DATA K=V...]',
  about: [
    'Writes data to a path. What that does is up to the engine that is mounted there.',
    'Data is given as key=value. A value that begins with "@" is read from that file, a value of "-" from ' +
      'standard input. "-" or "@file" alone is a whole JSON object.',
  ],
  examples: [
    { does: 'Store data:', run: ['{} write cubbyhole/git-credentials username="student01"'] },
    { does: 'A key that needs no data:', run: ['{} write -f transit/keys/my-key'] },
    { does: 'A value from a file:', run: ['{} write sys/policies/acl/ops policy=@ops.hcl'] },
    {
      does: 'A value from standard input, so that it is in no shell history:',
      run: ['echo "$MY_TOKEN" | {} write consul/config/access token=-'],
    },
  ],
  output: ['field', 'format'],
  flags,
  arity: { min: 1, max: null, expected: '1' },
  completes: ['paths', 'nothing'],
  run: (context) => send(context, (api, path, data) => api.write(path, data)),
})

export const patch = defineCommand({
  name: 'patch',
  synopsis: 'Patch data, configuration, and secrets',
  usage: '[options] PATH [DATA K=V...]',
  about: [
    'Changes the given members of what is at a path and keeps the others (a JSON merge patch). Data is ' +
      'given as for write.',
  ],
  examples: [
    { does: 'Change one member:', run: ['{} patch pki/roles/example allow_localhost=false'] },
  ],
  output: ['field', 'format'],
  flags,
  arity: { min: 1, max: null, expected: '1' },
  completes: ['paths', 'nothing'],
  run: (context) => send(context, (api, path, data) => api.patch(path, data)),
})
