// rotation: what rotates, when it did and will, and what went wrong; rotate, pause, freeze and resume.
// API: sys/rotation, which is this server's own.
import { barePath } from './api-paths.ts'
import type { Client } from './client.ts'
import { formatTable, wrapText } from './columns.ts'
import { type CommandContext, defineCommand, type Family, ONE_ARGUMENT } from './command.ts'
import { type Json, type JsonMap, OrderedMap, toJson } from './exact-json.ts'
import { attempt, Failure } from './failure.ts'
import { booleanFlag, durationFlag, type Flags, integerFlag, stringFlag } from './flags.ts'
import { formatValue } from './go-format.ts'
import { keysOf, outputData, outputSecret } from './output.ts'
import { mapOf, type Secret, textOf } from './secret.ts'
import { wholeSeconds } from './token/renew.ts'

const PATH = 'database/static-roles/app'

export const rotationFamily: Family = {
  name: 'rotation',
  synopsis: 'Work with secrets that rotate',
  about: [
    'Secrets that are replaced in their time, of all engines: static roles, root credentials, keys. A record is ' +
      'named by the path of its mount, its kind and its name.',
  ],
  examples: [
    { does: 'What rotates, and what is overdue:', run: ['{} rotation list'] },
    { does: 'Rotate one now:', run: [`{} rotation rotate ${PATH}`] },
  ],
}

const PAGE = 500

/** All records of a list, or as many as are wanted, page by page. */
async function recordsOf(api: Client, path: string, most: number): Promise<Map<string, JsonMap>> {
  const found = new Map<string, JsonMap>()
  for (let after = ''; ; ) {
    const limit = Math.min(PAGE, most - found.size)
    const answer = await attempt(`Error listing ${path}`, () => api.list(path, { after, limit }))
    const info = mapOf(answer?.data, 'key_info')
    for (const key of keysOf(answer) ?? []) {
      const one = typeof key === 'string' ? mapOf(info, key) : null
      if (one) found.set(key as string, one)
    }
    after = textOf(answer?.data, 'cursor')
    if (after === '' || found.size >= most) return found
  }
}

const short = (time: string): string => (time === '' ? '-' : time.replace(/\.\d+Z$/, 'Z'))

function tableOf(records: ReadonlyMap<string, JsonMap>): string {
  const head = ['Path', 'State', 'Last', 'Next', 'Overdue', 'Failure']
  const rows = [...records].map(([path, one]) => [
    path,
    textOf(one, 'state'),
    short(textOf(one, 'last_rotated')),
    short(textOf(one, 'rotate_after')),
    one.get('overdue') === true ? 'yes' : 'no',
    textOf(one, 'last_error') || '-',
  ])
  return formatTable([head, ...rows])
}

export const rotationList = defineCommand({
  name: 'rotation list',
  synopsis: 'List what rotates',
  usage: '[options] [MOUNT]',
  about: [
    'Lists what rotates in this namespace, or in one mount, with the last and the next time and why the last try ' +
      'failed. The exit code is 2 where there is nothing to list.',
  ],
  examples: [
    { does: 'All of a mount:', run: ['{} rotation list database'] },
    { does: 'What should have rotated by now:', run: ['{} rotation list -overdue'] },
    { does: 'For scripts:', run: ['{} rotation list -failing -format=json'] },
  ],
  flags: {
    due: booleanFlag('In order of the time at which they are to rotate.'),
    overdue: booleanFlag('Only what should have rotated by now.'),
    failing: booleanFlag('Only what could not be rotated at the last try.'),
    limit: integerFlag('At most this many; 0 for all.'),
  },
  arity: { min: 0, max: 1 },
  async run({ ui, flags, args, client }) {
    const kinds = (['due', 'overdue', 'failing'] as const).filter((name) => flags[name])
    if (kinds.length + args.length > 1) {
      throw new Failure(1, 'Only one of -due, -overdue, -failing and a mount can be given')
    }
    const mount = args[0] === undefined ? '' : `/${barePath(args[0])}`
    const api = await client()
    const path = `sys/rotation/${kinds[0] ?? `records${mount}`}`
    const most = flags.limit > 0 ? flags.limit : Number.POSITIVE_INFINITY
    const records = await recordsOf(api, path, most)
    if (ui.format !== 'table') {
      const list = [...records].map(([key, one]) => new OrderedMap([['path', key as Json], ...one]))
      await outputData(ui, list)
    } else if (records.size > 0) ui.out(tableOf(records))
    else ui.out('Nothing to list.')
    return records.size > 0 ? 0 : 2
  },
})

export const rotationRead = defineCommand({
  name: 'rotation read',
  synopsis: 'Show what rotates and how it goes',
  usage: '[options] PATH',
  about: [
    'Shows the schedule of a record, its last and next rotation and why the last try failed.',
  ],
  examples: [{ does: 'One static role:', run: [`{} rotation read ${PATH}`] }],
  arity: ONE_ARGUMENT,
  async run({ ui, args, client }) {
    const path = barePath(args[0]!)
    const api = await client()
    const secret = await attempt(`Error reading ${path}`, () =>
      api.read(`sys/rotation/records/${path}`),
    )
    if (!secret) throw new Failure(2, `Nothing is rotated under ${path}`)
    return outputSecret(ui, secret)
  },
})

export const rotationHistory = defineCommand({
  name: 'rotation history',
  synopsis: 'Show the last rotations of a record',
  usage: '[options] PATH',
  about: ['Shows the last rotations of a record, newest last: when, why, who asked, how it ended.'],
  examples: [{ does: 'Of a static role:', run: [`{} rotation history ${PATH}`] }],
  arity: ONE_ARGUMENT,
  async run({ ui, args, client }) {
    const path = barePath(args[0]!)
    const api = await client()
    const secret = await attempt(`Error reading ${path}`, () =>
      api.read(`sys/rotation/history/${path}`),
    )
    const events = secret?.data?.get('events')
    if (!Array.isArray(events)) throw new Failure(2, `Nothing is rotated under ${path}`)
    if (ui.format !== 'table') return outputData(ui, events)
    const head = ['Time', 'Outcome', 'Cause', 'By', 'Tries', 'User', 'Failure']
    const rows = events.flatMap((event): string[][] =>
      event instanceof Map
        ? [
            [
              short(textOf(event, 'time')),
              textOf(event, 'outcome'),
              textOf(event, 'cause'),
              textOf(event, 'by') || '-',
              formatValue(event.get('attempts')),
              textOf(event, 'username') || '-',
              textOf(event, 'error') || '-',
            ],
          ]
        : [],
    )
    ui.out(rows.length > 0 ? formatTable([head, ...rows]) : 'It was never rotated.')
    return 0
  },
})

export const rotationRotate = defineCommand({
  name: 'rotation rotate',
  synopsis: 'Rotate now',
  usage: '[options] PATH',
  about: ['Rotates a secret at once and waits for the outcome; what failed before is tried again.'],
  examples: [
    { does: 'A static role:', run: [`{} rotation rotate ${PATH}`] },
    { does: 'Also within its grace time:', run: [`{} rotation rotate -force ${PATH}`] },
  ],
  flags: { force: booleanFlag('End the grace time of the previous secret, if it still runs.') },
  arity: ONE_ARGUMENT,
  async run({ ui, flags, args, client }) {
    const path = barePath(args[0]!)
    const body = toJson({ force: flags.force })
    const api = await client()
    const secret = await attempt(`Error rotating ${path}`, () =>
      api.write(`sys/rotation/rotate/${path}`, body),
    )
    return finish(ui, secret, `Success! Rotated: ${path}`)
  },
})

async function finish(
  ui: CommandContext<Flags>['ui'],
  secret: Secret | null,
  words: string,
): Promise<number> {
  if (secret && ui.format !== 'table') return outputSecret(ui, secret)
  ui.out(wrapText(words))
  return 0
}

const holdFlags = {
  reason: stringFlag('Why, for whoever reads it later.'),
  ttl: durationFlag('Let it end by itself after this; otherwise it lasts until "rotation resume".'),
}

async function hold(
  { ui, flags, args, client }: CommandContext<typeof holdFlags>,
  action: 'pause' | 'freeze',
): Promise<number> {
  const path = barePath(args[0]!)
  const seconds = wholeSeconds(flags.ttl)
  const body = toJson({ reason: flags.reason, ttl: seconds })
  const api = await client()
  const secret = await attempt(`Error changing ${path}`, () =>
    api.write(`sys/rotation/${action}/${path}`, body),
  )
  return finish(ui, secret, `Success! ${action === 'pause' ? 'Paused' : 'Frozen'}: ${path}`)
}

export const rotationPause = defineCommand({
  name: 'rotation pause',
  synopsis: 'Rotate by hand only',
  usage: '[options] PATH',
  about: ['From now on the record is rotated only by hand.'],
  examples: [{ does: 'For a day:', run: [`{} rotation pause -ttl=24h -reason=move ${PATH}`] }],
  flags: holdFlags,
  arity: ONE_ARGUMENT,
  run: (context) => hold(context, 'pause'),
})

export const rotationFreeze = defineCommand({
  name: 'rotation freeze',
  synopsis: 'Change nothing of a record',
  usage: '[options] PATH',
  about: ['From now on the record is not rotated at all, neither by schedule nor by hand.'],
  examples: [
    { does: 'While it is looked into:', run: [`{} rotation freeze -reason=audit ${PATH}`] },
  ],
  flags: holdFlags,
  arity: ONE_ARGUMENT,
  run: (context) => hold(context, 'freeze'),
})

export const rotationResume = defineCommand({
  name: 'rotation resume',
  synopsis: 'End a pause or a freeze',
  usage: '[options] PATH',
  about: ['Ends a pause or a freeze. What became due meanwhile is rotated next.'],
  examples: [{ does: 'A static role:', run: [`{} rotation resume ${PATH}`] }],
  arity: ONE_ARGUMENT,
  async run({ ui, args, client }) {
    const path = barePath(args[0]!)
    const api = await client()
    const secret = await attempt(`Error changing ${path}`, () =>
      api.write(`sys/rotation/resume/${path}`),
    )
    return finish(ui, secret, `Success! Resumed: ${path}`)
  },
})
