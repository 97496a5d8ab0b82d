// How a command ends badly. Exit codes are those of Vault's command: 1 is a mistake on this side (flags,
// arguments, files), 2 is what the server answered, a server that can't be reached, or a sealed one.

/** Ends the command with a message on standard error and this exit code. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Thrown in place of a request under -output-curl-string and -output-policy; the text is the result. */
export class Preview extends Error {
  override readonly name = 'Preview'
  readonly text: string
  constructor(text: string) {
    super('a request was to be shown, not sent')
    this.text = text
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
}

/** What went wrong, as one text; of a file as Go says it: "open /x: no such file or directory". */
export function messageOf(error: unknown): string {
  const { code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : REASONS[code]
  if (reason && path && syscall) return `${syscall} ${path}: ${reason}`
  return error instanceof Error ? error.message : String(error)
}

/** Runs `body`; what it throws becomes a failure with exit code 2 that begins with `doing`. */
export async function attempt<T>(doing: string, body: () => Promise<T>, code = 2): Promise<T> {
  try {
    return await body()
  } catch (error) {
    if (error instanceof Failure || error instanceof Preview) throw error
    const message = messageOf(error)
    throw new Failure(code, doing === '' ? message : `${doing}: ${message}`)
  }
}
