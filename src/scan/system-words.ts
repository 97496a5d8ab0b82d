// What went wrong with a file, as Go says it: "open /x: no such file or directory".

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ELOOP: 'too many levels of symbolic links',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  ENAMETOOLONG: 'file name too long',
}

/** The message of an error of the system or of any other; a text, not a byte string. */
export function systemWords(error: unknown): string {
  const { code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : REASONS[code]
  if (reason && syscall)
    return path === undefined ? `${syscall}: ${reason}` : `${syscall} ${path}: ${reason}`
  return error instanceof Error ? error.message : String(error)
}
