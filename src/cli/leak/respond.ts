// leak respond: everything that follows from a leaked secret, in order: what it is, where else it lies, who read it,
// its replacement, and how the history of the repository is cleaned. Nothing is changed without -yes.
import { resolve } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { LiveFilter } from '../../scan/vault/live-filter.ts'
import type { Client } from '../client.ts'
import { formatTable } from '../columns.ts'
import { type CommandContext, defineCommand, ONE_ARGUMENT } from '../command.ts'
import { type Json, type JsonMap, OrderedMap, toJson } from '../exact-json.ts'
import { attempt, Failure, messageOf } from '../failure.ts'
import { booleanFlag, durationFlag, listFlag, stringFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import { mapOf, numberOf, textOf } from '../secret.ts'
import { type Reader, readersOf } from './audit-readers.ts'
import { filterFlag, filterPath, readFilter } from './filter-path.ts'
import { filterRepoSteps, findInHistory, type GitLeak, writeReplacements } from './git-places.ts'
import { idOf, lookUp, scannerFlag } from './lookup.ts'

const flags = {
  yes: booleanFlag('Rotate what can be rotated. Without it nothing is changed.'),
  scanner: scannerFlag,
  file: filterFlag,
  'audit-file': listFlag(
    'A file of the audit log (gzip too), to list who read the secret; may be given many times. Without it the ' +
      'files of the audit devices are tried, where this machine has them.',
    { completes: 'files' },
  ),
  since: durationFlag('How far back readers are listed.', { initial: 30 * 86_400e9 }),
  repo: stringFlag('A git repository whose history is searched for the secret.', {
    completes: 'folders',
  }),
  replacements: stringFlag(
    'Where the file for git filter-repo is written. It holds the secret: remove it afterwards.',
    { completes: 'files' },
  ),
}
type Context = CommandContext<typeof flags>

interface Leak {
  readonly id: string
  readonly about: JsonMap
  readonly copies: readonly (readonly [string, JsonMap])[]
}

/** Files of the server's file devices that are on this machine; none where the token may not list them. */
async function auditFiles(api: Client): Promise<readonly string[]> {
  try {
    const devices = (await api.read('sys/audit'))?.data ?? new Map()
    const paths: string[] = []
    for (const device of devices.values()) {
      if (!(device instanceof Map) || textOf(device, 'type') !== 'file') continue
      const path = textOf(mapOf(device, 'options'), 'file_path')
      if (path.startsWith('/')) paths.push(path)
    }
    return paths
  } catch {
    return []
  }
}

async function listReaders(
  context: Context,
  api: Client,
  leak: Leak,
): Promise<{
  readonly readers: readonly Reader[]
  readonly files: readonly string[]
  readonly note: string
}> {
  const { flags } = context
  const isGiven = flags['audit-file'].length > 0
  const files = isGiven ? flags['audit-file'] : await auditFiles(api)
  if (files.length === 0) {
    return { readers: [], files, note: 'no audit file is known here: -audit-file=FILE names one' }
  }
  const paths = new Set(
    [leak.about, ...leak.copies.map(([, copy]) => copy)].map(
      (one) => api.namespace + textOf(one, 'path'),
    ),
  )
  const sinceMs = systemClock.now() - flags.since / 1e6
  try {
    return { readers: await readersOf(files, paths, sinceMs), files, note: '' }
  } catch (error) {
    if (isGiven) throw new Failure(2, `Error reading the audit log: ${messageOf(error)}`)
    return {
      readers: [],
      files,
      note: `${messageOf(error)}: -audit-file=FILE names a file that can be read`,
    }
  }
}

async function searchRepository(context: Context, leak: Leak): Promise<GitLeak | null> {
  const { env, flags } = context
  if (flags.repo === '') return null
  const path = filterPath(flags.file, env)
  const file = readFilter(path)
  if (!file) throw new Failure(2, `There is no filter in ${path}: "leak filter" fetches it`)
  const ids = new Set([leak.id])
  const control = new AbortController()
  const found = await attempt('Error searching the repository', () =>
    findInHistory(resolve(flags.repo), new LiveFilter(file), ids, control.signal),
  )
  if (found.values.size > 0 && flags.replacements !== '') {
    try {
      writeReplacements(flags.replacements, found.values)
    } catch (error) {
      throw new Failure(2, `Error writing ${flags.replacements}: ${messageOf(error)}`)
    }
  }
  return found
}

type Rotation = 'revoked' | 'revocable' | 'done' | 'possible' | 'by hand' | 'not needed'

async function rotate(context: Context, api: Client, leak: Leak): Promise<Rotation> {
  if (textOf(leak.about, 'state') !== 'live') return 'not needed'
  const leaseId = textOf(leak.about, 'lease_id')
  if (leaseId !== '') {
    if (!context.flags.yes) return 'revocable'
    const body = toJson({ lease_id: leaseId, sync: true })
    await attempt(`Error revoking ${leaseId}`, () => api.write('sys/leases/revoke', body))
    return 'revoked'
  }
  const path = textOf(leak.about, 'rotate_path')
  if (path === '') return 'by hand'
  if (!context.flags.yes) return 'possible'
  await attempt(`Error rotating by ${path}`, () => api.write(path))
  return 'done'
}

const short = (time: string): string => time.replace(/\.\d+Z$/, 'Z')

function aboutText({ id, about, copies }: Leak): string[] {
  const version = numberOf(about, 'version')
  const lines = [
    `Secret ${id}`,
    `  path     ${textOf(about, 'path')}`,
    `  key      ${textOf(about, 'key')}${version > 0 ? `, version ${version}` : ''}`,
    `  state    ${textOf(about, 'state')} since ${short(textOf(about, 'since'))}`,
  ]
  const hidden = numberOf(about, 'hidden_copies')
  lines.push('', 'The same value')
  for (const [, copy] of copies) {
    const of = numberOf(copy, 'version')
    const place = `${textOf(copy, 'path')} ${textOf(copy, 'key')}${of > 0 ? `, version ${of}` : ''}`
    lines.push(`  ${place} (${textOf(copy, 'state')})`)
  }
  if (hidden > 0) lines.push(`  in ${hidden} places that this token may not read`)
  if (copies.length === 0 && hidden === 0) lines.push('  nowhere else')
  return lines
}

function readersText(found: Awaited<ReturnType<typeof listReaders>>): string[] {
  const lines = ['', 'Who read it']
  if (found.note !== '') return [...lines, `  ${found.note}`]
  if (found.readers.length === 0)
    return [...lines, `  nobody, as far as ${found.files.join(', ')} tell`]
  const head = ['Caller', 'Entity', 'Address', 'Times', 'First', 'Last']
  const rows = found.readers.map((one) => [
    one.name,
    one.entity || '-',
    one.address || '-',
    String(one.count),
    short(one.first),
    short(one.last),
  ])
  return [
    ...lines,
    ...formatTable([head, ...rows])
      .split('\n')
      .map((line) => `  ${line}`),
  ]
}

function rotationText(leak: Leak, rotation: Rotation): string[] {
  const path = textOf(leak.about, 'path')
  const by = textOf(leak.about, 'rotate_path')
  const lease = textOf(leak.about, 'lease_id')
  const words: Readonly<Record<Rotation, readonly string[]>> = {
    revoked: [`  the lease ${lease} is revoked: the leaked value is dead`],
    revocable: [`  -yes revokes its lease ${lease}`],
    done: [`  rotated by ${by}: the leaked value is dead`],
    possible: [`  -yes rotates it by a write to ${by}`],
    'not needed': ['  the leaked value is dead already'],
    'by hand': [
      '  only its owner can replace it: make a new one where it is used, then store it',
      `  ${kvHint(leak.about) ?? `at ${path}`}`,
    ],
  }
  return ['', 'Rotation', ...words[rotation]]
}

function kvHint(about: JsonMap): string | null {
  if (textOf(about, 'mount_type') !== 'kv') return null
  const mount = textOf(about, 'mount_path').replace(/\/$/, '')
  return `strongroom kv patch -mount=${mount} ${textOf(about, 'name')} ${textOf(about, 'key')}=-`
}

const MOST_PLACES = 50

function gitText(context: Context, found: GitLeak | null): string[] {
  const { repo, replacements } = context.flags
  const lines = ['', 'Git']
  if (!found) return [...lines, '  -repo=DIR searches the history of a repository']
  for (const one of found.skipped) lines.push(`  not searched: ${one}`)
  if (found.places.length === 0) return [...lines, `  not in the history of ${repo}`]
  for (const { commit, date, author, file, line } of found.places.slice(0, MOST_PLACES))
    lines.push(`  ${commit} ${date} ${author}: ${file}:${line}`)
  const more = found.places.length - MOST_PLACES
  if (more > 0) lines.push(`  and ${more} more`)
  lines.push(
    `  branches: ${found.branches.join(', ') || '-'}`,
    `  tags: ${found.tags.join(', ') || '-'}`,
  )
  lines.push('', 'To take it out of the history (git filter-repo 2.47 or later)')
  if (replacements === '') {
    lines.push('  -replacements=FILE writes the file that git filter-repo needs')
    return lines
  }
  for (const step of filterRepoSteps(resolve(repo), resolve(replacements))) lines.push(`  ${step}`)
  lines.push(
    '  Everybody with a clone has to clone anew; forks and caches of a host keep what they have.',
  )
  return lines
}

function jsonOf(
  { id, about, copies }: Leak,
  rotation: Rotation,
  { readers, note }: Awaited<ReturnType<typeof listReaders>>,
  git: GitLeak | null,
): OrderedMap {
  const plain = (rows: readonly object[]): Json => toJson(rows.map((row) => ({ ...row })))
  return new OrderedMap([
    ['id', id],
    ['secret', new OrderedMap([...about].filter(([name]) => name !== 'copies'))],
    ['copies', copies.map(([, copy]) => copy)],
    ['rotation', rotation],
    ['readers', plain(readers)],
    ['readers_note', note],
    ['places', plain(git?.places ?? [])],
    ['branches', toJson([...(git?.branches ?? [])])],
    ['tags', toJson([...(git?.tags ?? [])])],
    ['not_searched', toJson([...(git?.skipped ?? [])])],
  ])
}

export const leakRespond = defineCommand({
  name: 'leak respond',
  synopsis: 'Respond to a leaked secret',
  usage: '[options] ID',
  about: [
    'Tells what a leaked secret is, where else its value lies and who read it, rotates it if -yes is given and its ' +
      'engine can, and prints the steps that take it out of a git history. It sends the id, never the secret.',
  ],
  examples: [
    { does: 'See what would be done:', run: ['{} leak respond 9f86d081884c7d65'] },
    {
      does: 'Rotate it, and prepare the cleaning of this repository:',
      run: ['{} leak respond -yes -repo=. -replacements=/dev/shm/replacements 9f86d081884c7d65'],
    },
  ],
  flags,
  arity: ONE_ARGUMENT,
  async run(context) {
    const { ui, env, args, client } = context
    const id = idOf(args[0]!)
    const api = await client()
    const secret = await lookUp(api, env, context.flags, id)
    const copies = [...(mapOf(secret.data, 'copies') ?? [])].filter(
      (one): one is [string, JsonMap] => one[1] instanceof Map,
    )
    const leak: Leak = { id, about: secret.data, copies }
    // What must not wait for a long search: the secret is dead first.
    const rotation = await rotate(context, api, leak)
    const readers = await listReaders(context, api, leak)
    const git = await searchRepository(context, leak)
    if (ui.format !== 'table') {
      return outputData(ui, jsonOf(leak, rotation, readers, git))
    }
    ui.out(
      [
        ...aboutText(leak),
        ...rotationText(leak, rotation),
        ...readersText(readers),
        ...gitText(context, git),
      ].join('\n'),
    )
    return 0
  },
})
