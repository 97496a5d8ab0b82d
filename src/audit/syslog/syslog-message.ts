// Lines as syslog messages: RFC 3164 for the local daemon, RFC 5424 for a remote one. Severity is
// informational; the facility and the tag are options, named as in Vault.
import { Buffer } from 'node:buffer'

const FACILITIES: ReadonlyMap<string, number> = new Map(
  (
    'KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP - - - - ' +
    'LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7'
  )
    .split(' ')
    .map((name, code) => [name, code] as const)
    .filter(([name]) => name !== '-'),
)
const SEVERITY_INFO = 6
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

export interface SyslogSource {
  readonly facility: number
  readonly tag: string
  readonly hostname: string
  readonly pid: number
}

/** The number of a facility by its name, in any case. Throws in words where there is none. */
export function facilityNumber(name: string): number {
  const number = FACILITIES.get(name.toUpperCase())
  if (number === undefined) throw new Error(`invalid syslog facility: ${name}`)
  return number
}

/** A tag that can stand in a message's header. Throws in words. */
export function checkTag(tag: string): string {
  if (!/^[!-9;-Z\\^-~]{1,48}$/.test(tag)) {
    throw new Error('tag must be 1 to 48 printable characters without space, colon and brackets')
  }
  return tag
}

const priority = (of: SyslogSource): number => of.facility * 8 + SEVERITY_INFO

/** RFC 3164, local time, as a local daemon expects it. The line keeps its newline as the frame's end. */
export function localMessage(of: SyslogSource, timeMs: number, line: Uint8Array): Uint8Array {
  const time = new Date(timeMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = String(time.getDate()).padStart(2, ' ')
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  const head = `<${priority(of)}>${MONTHS[time.getMonth()]} ${day} ${clock} ${of.tag}[${of.pid}]: `
  return Buffer.concat([Buffer.from(head), line])
}

/** RFC 5424 with the newline as the frame's end (RFC 6587, 3.4.2): audit lines hold no other. */
export function remoteMessage(of: SyslogSource, timeMs: number, line: Uint8Array): Uint8Array {
  const time = new Date(timeMs).toISOString()
  const head = `<${priority(of)}>1 ${time} ${of.hostname} ${of.tag} ${of.pid} - - `
  return Buffer.concat([Buffer.from(head), line])
}
