// Where completion finds names: the file system, and the server if it answers at once. Whatever goes wrong
// gives no candidates; a completion never prints an error into the line that is being typed.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import type { CommonValues } from '../command.ts'
import { httpFlags } from '../common-flags.ts'
import { connect } from '../connect.ts'
import type { Environment } from '../environment.ts'
import { parseFlags } from '../flags.ts'
import { locate } from '../kv/kv-path.ts'
import { mapOf, textsOf } from '../secret.ts'
import { expandHome } from '../token-helper.ts'
import type { RemoteKind, Sources } from './candidates.ts'

const TIMEOUT_MS = 1000

function files(partial: string, onlyFolders: boolean): string[] {
  const slash = partial.lastIndexOf('/')
  const folder = partial.slice(0, slash + 1)
  const start = partial.slice(slash + 1)
  try {
    return readdirSync(expandHome(folder || '.'), { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(start) && (start !== '' || entry.name[0] !== '.'))
      .filter((entry) => !onlyFolders || entry.isDirectory())
      .map((entry) => join(folder, entry.name) + (entry.isDirectory() ? '/' : ''))
      .sort()
  } catch {
    return []
  }
}

async function mountNames(client: Client, kind: 'secret' | 'auth'): Promise<string[]> {
  const answer = await client.read('sys/internal/ui/mounts')
  return [...(mapOf(answer?.data, kind)?.keys() ?? [])]
}

async function listed(client: Client, path: string): Promise<string[]> {
  return textsOf((await client.list(path))?.data, 'keys') ?? []
}

async function paths(client: Client, partial: string, isKv: boolean): Promise<string[]> {
  const slash = partial.lastIndexOf('/')
  if (slash < 0) return mountNames(client, 'secret')
  const folder = partial.slice(0, slash + 1)
  const bare = barePath(folder)
  const path = isKv ? (await locate(client, '', bare)).path('metadata') : bare
  return (await listed(client, path)).map((key) => folder + key)
}

function ask(client: Client, kind: RemoteKind, partial: string, isKv: boolean) {
  switch (kind) {
    case 'mounts':
      return mountNames(client, 'secret')
    case 'auth-mounts':
      return mountNames(client, 'auth')
    case 'policies':
      return listed(client, 'sys/policies/acl')
    case 'namespaces':
      return listed(client, 'sys/namespaces')
    case 'audits':
      return client.read('sys/audit').then((answer) => {
        return [...(answer?.data?.keys() ?? [])].filter((name) => name.endsWith('/'))
      })
    case 'paths':
      return paths(client, partial, isKv)
    case 'path-folders':
      return paths(client, partial, isKv).then((all) => all.filter((one) => one.endsWith('/')))
  }
}

/** Names from this machine and from the server of the environment. */
export function completionSources(env: Environment): Sources {
  return {
    files,
    async remote(kind, partial, isKv) {
      try {
        const common = parseFlags(httpFlags, [], env).values as unknown as CommonValues
        const client = await connect(common, env, TIMEOUT_MS)
        const names = await ask(client, kind, partial, isKv)
        return names.filter((name) => name.startsWith(partial)).sort()
      } catch {
        return []
      }
    },
  }
}
