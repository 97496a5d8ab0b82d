// An audit device that keeps its lines in memory and fails when a test says so.
import type { AuditPlugin } from '../../src/sdk/audit.ts'

export interface AuditLine {
  readonly type: string
  readonly error?: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into the entries in many shapes
  readonly request?: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly response?: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly auth?: any
}

export class AuditMemory {
  readonly texts: string[] = []
  /** While true, every write fails. */
  isBroken = false
  /** Lines that can't be written; with them fails all that is written along. */
  refuses: (line: string) => boolean = () => false

  readonly plugin: AuditPlugin = {
    type: 'memory',
    about: 'Keeps lines in memory.',
    open: async () => ({
      type: 'memory',
      write: async (lines) => {
        if (this.isBroken) throw new Error('the device is broken')
        const texts = lines.map((line) => Buffer.from(line).toString('utf8'))
        if (texts.some((text) => this.refuses(text))) throw new Error('the device is full')
        for (const text of texts) this.texts.push(text)
      },
      close: async () => {},
    }),
  }

  /** Requests and responses, without what the chain records about itself. */
  get lines(): AuditLine[] {
    return this.texts
      .map((text) => JSON.parse(text) as AuditLine)
      .filter(({ type }) => type === 'request' || type === 'response')
  }

  /** The lines since the last call. */
  take(): AuditLine[] {
    const { lines } = this
    this.texts.length = 0
    return lines
  }
}
