// Where a secret is: which mount, which version of the engine, and the API path that belongs to it. Both
// spellings count: -mount=secret app/db and secret/app/db.
import { barePath, joinPath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { Failure, Preview } from '../failure.ts'
import { stringFlag } from '../flags.ts'
import { ResponseError } from '../response-error.ts'
import { mapOf, parseSecret, textOf } from '../secret.ts'

export const mountFlag = stringFlag(
  'Where the key-value engine is mounted; the argument is then the path of the secret below it. Without ' +
    'it the argument begins with the mount. The API path gets its /data/ or /metadata/ by itself.',
  { completes: 'mounts' },
)

export interface KvPlace {
  readonly isV2: boolean
  /** The API path; `kind` is what a version 2 engine puts behind its mount. */
  path(kind: KvKind): string
}

export type KvKind = 'data' | 'metadata' | 'delete' | 'undelete' | 'destroy'

interface Mount {
  readonly path: string
  readonly isV2: boolean
}

async function findMount(client: Client, path: string): Promise<Mount> {
  try {
    const answer = await client.request('GET', `sys/internal/ui/mounts/${path}`, {
      isPreflight: true,
    })
    const data = parseSecret(answer.body)?.data ?? null
    return {
      path: textOf(data, 'path'),
      isV2: textOf(mapOf(data, 'options'), 'version') === '2',
    }
  } catch (error) {
    if (error instanceof Preview) throw error
    if (!(error instanceof ResponseError)) {
      throw new Failure(2, error instanceof Error ? error.message : String(error))
    }
    if (error.status === 404) return { path: '', isV2: false }
    if (client.settings.preview && error.status === 403) {
      throw new Failure(
        2,
        'To show the request, the version of the engine has to be known, and this token may not ' +
          `ask for it: it needs some right on a path below ${path}.`,
      )
    }
    throw new Failure(2, error.message)
  }
}

function withKind(path: string, mountPath: string, kind: string): string {
  let mount = mountPath
  if (path === mount || path === mount.replace(/\/$/, '')) return joinPath(mount, kind)
  let rest = path.startsWith(mount) ? path.slice(mount.length) : path
  // The mount's path may begin with namespaces that the argument leaves out.
  while (rest === path) {
    const slash = mount.indexOf('/')
    if (slash < 0 || slash === mount.length - 1) break
    mount = mount.slice(slash + 1).replace(/\/$/, '')
    if (rest.startsWith(mount)) rest = rest.slice(mount.length)
  }
  return joinPath(mount, kind, rest)
}

/** Asks the server which engine a path belongs to. `mount` is '' for the spelling without -mount. */
export async function locate(client: Client, mount: string, argument: string): Promise<KvPlace> {
  const named = barePath(mount)
  const found = await findMount(client, named === '' ? argument : named)
  if (!found.isV2) {
    const path = named === '' ? argument : joinPath(found.path || named, argument)
    return { isV2: false, path: () => path }
  }
  const full = named === '' ? argument : joinPath(found.path, argument)
  return { isV2: true, path: (kind) => withKind(full, found.path, kind) }
}

/** Throws unless the engine has versions. */
export function requireV2(place: KvPlace, message: string, code: number): void {
  if (!place.isV2) throw new Failure(code, message)
}
