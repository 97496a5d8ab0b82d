// Unix socket files: taking over one that a dead server left, and giving the file its mode and owner.
import { chmod, chown, lstat, readFile, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

export interface UnixSocketAccess {
  /** Permission bits, such as 0o660. */
  readonly mode?: number
  /** Name or number. */
  readonly user?: string
  readonly group?: string
}

/**
 * Removes a socket file on which nobody listens. Answers whether it is gone. Only one process of a
 * host may do this at a time (the supervisor, before it starts workers).
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null)
  if (stats === null) return true
  if (!stats.isSocket() || (await isAnswering(path))) return false
  await unlink(path)
  return true
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.on('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // Anything but a refusal (a full backlog, no permission) means that somebody may be there.
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

/** Mode and owner as configured. Throws for a user or group that doesn't exist. */
export async function applySocketAccess(path: string, access: UnixSocketAccess): Promise<void> {
  if (access.user !== undefined || access.group !== undefined) {
    const uid = access.user === undefined ? -1 : await findId('/etc/passwd', access.user)
    const gid = access.group === undefined ? -1 : await findId('/etc/group', access.group)
    await chown(path, uid, gid)
  }
  if (access.mode !== undefined) await chmod(path, access.mode)
}

/** passwd(5) and group(5): the name is the first field, the number the third. */
async function findId(file: string, name: string): Promise<number> {
  if (/^[0-9]{1,10}$/.test(name)) return Number(name)
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const fields = line.split(':')
    if (fields[0] === name && fields[2] !== undefined) return Number(fields[2])
  }
  throw new Error(`socket owner: ${name} is not in ${file}`)
}
