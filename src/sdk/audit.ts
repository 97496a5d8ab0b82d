// What an audit device is to the broker: a sink of whole lines. Formatting, HMAC, queues, deadlines and
// chaining are the broker's, so that a device stays small.

export interface AuditDevice {
  readonly type: string
  /**
   * Takes whole lines (each ends in a newline) and resolves when the operating system or the peer has
   * all of them; a throw fails every request that has a line among them. The signal fires at the deadline.
   */
  write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<void>
  /** Reopens its target (SIGHUP). */
  reload?(): Promise<void>
  close(): Promise<void>
}
