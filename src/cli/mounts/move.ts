// secrets move and auth move: the server moves in the background, and the command waits for it.
// API: sys/remount and sys/remount/status/ID.
import { folderPath } from '../api-paths.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { pause } from '../pause.ts'
import { mapOf, textOf } from '../secret.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

async function move(context: CommandContext<Record<never, never>>, thing: string): Promise<number> {
  const { ui, args } = context
  const from = folderPath(args[0]!)
  const to = folderPath(args[1]!)
  const what = `${thing} ${from} to ${to}`
  const api = await context.client()
  const started = await attempt(`Error moving ${what}`, () =>
    api.write('sys/remount', toJson({ from, to }), 'POST'),
  )
  const id = textOf(started?.data, 'migration_id')
  const withId = `${what}, with migration ID ${id}`
  ui.out(`Started moving ${withId}`)
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const answer = await attempt(`Error checking migration status of ${what}`, () =>
      api.read(`sys/remount/status/${id}`),
    )
    const status = textOf(mapOf(answer?.data, 'migration_info'), 'status')
    if (status === 'success') {
      ui.out(`Success! Finished moving ${withId}`)
      return 0
    }
    if (status === 'failure') {
      throw new Failure(2, `Failure! Error encountered moving ${withId}`)
    }
    if (wait === FIRST_WAIT_MS) ui.out(`Waiting for terminal status in migration of ${withId}`)
    pause(wait)
  }
}

export const secretsMove = defineCommand({
  name: 'secrets move',
  synopsis: 'Move a secrets engine to another path',
  usage: '[options] SOURCE DESTINATION',
  about: ['Moves a mount to a new path with all its data. Leases of the old path are revoked.'],
  examples: [{ does: 'Move secret/ to generic/:', run: ['{} secrets move secret/ generic/'] }],
  output: [],
  arity: { min: 2, max: 2 },
  completes: ['mounts'],
  run: (context) => move(context, 'secrets engine'),
})

export const authMove = defineCommand({
  name: 'auth move',
  synopsis: 'Move an auth method to another path',
  usage: '[options] SOURCE DESTINATION',
  about: [
    'Moves an auth method to a new path. Both paths begin with auth/. Its tokens are revoked.',
  ],
  examples: [{ does: 'Move it:', run: ['{} auth move auth/approle/ auth/generic/'] }],
  output: [],
  arity: { min: 2, max: 2 },
  completes: ['auth-mounts'],
  run: (context) => move(context, 'auth method'),
})
