// Where a cluster is and who asks, from a kubeconfig file. A file may name a command that gets a token ("exec"): it is
// not run; `kubectl get configmaps -A -o json` and a pipe do the same. Format: Kubernetes client configuration v1.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

export interface ClusterAccess {
  readonly server: URL
  readonly token: string | null
  readonly ca: string | Buffer | null
  readonly cert: string | Buffer | null
  readonly key: string | Buffer | null
  readonly serverName: string | null
  /** insecure-skip-tls-verify. */
  readonly isInsecure: boolean
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** `path` '' takes $KUBECONFIG's first file, then ~/.kube/config. Throws Error, which holds no credential. */
export async function readKubeconfig(
  path: string,
  context: string,
  env: NodeJS.ProcessEnv,
): Promise<ClusterAccess> {
  const first = (env.KUBECONFIG ?? '').split(':').find((one) => one !== '')
  const file = path || first || join(env.HOME ?? homedir(), '.kube', 'config')
  const text = await readFile(file, 'utf8')
  let config: unknown
  try {
    config = parse(text)
  } catch {
    throw new Error(`${file} is no kubeconfig: not YAML`)
  }
  if (!isObject(config)) throw new Error(`${file} is no kubeconfig`)
  const name = context || textOf(config['current-context'])
  const chosen = entry(config.contexts, name, 'context', file)
  const cluster = entry(config.clusters, textOf(chosen.cluster), 'cluster', file)
  const user =
    chosen.user === undefined ? {} : entry(config.users, textOf(chosen.user), 'user', file)
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    throw new Error(
      `${file} gets its token from a command, which is not run: kubectl get configmaps -A -o json | strongroom scan configmaps -`,
    )
  }
  return access(cluster, user, file)
}

function entry(list: unknown, name: string | null, kind: string, file: string): Json {
  const found = Array.isArray(list)
    ? list.filter(isObject).find((one) => name !== null && one.name === name)
    : undefined
  if (found === undefined || !isObject(found[kind])) {
    throw new Error(`${file} has no ${kind} ${JSON.stringify(name ?? '')}`)
  }
  return found[kind]
}

async function access(cluster: Json, user: Json, file: string): Promise<ClusterAccess> {
  const server = textOf(cluster.server)
  if (server === null || !/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new Error(`${file}: the cluster has no server address`)
  }
  const part = async (from: Json, name: string): Promise<string | Buffer | null> => {
    const data = textOf(from[`${name}-data`])
    if (data !== null) return Buffer.from(data, 'base64')
    const path = textOf(from[name])
    return path === null ? null : readFile(resolve(dirname(file), path))
  }
  const tokenFile = textOf(user.tokenFile)
  const fromFile =
    tokenFile === null ? null : await readFile(resolve(dirname(file), tokenFile), 'utf8')
  return {
    server: new URL(server),
    token: textOf(user.token) ?? fromFile?.trim() ?? null,
    ca: await part(cluster, 'certificate-authority'),
    cert: await part(user, 'client-certificate'),
    key: await part(user, 'client-key'),
    serverName: textOf(cluster['tls-server-name']),
    isInsecure: cluster['insecure-skip-tls-verify'] === true,
  }
}
