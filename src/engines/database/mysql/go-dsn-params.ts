// The parameters behind the "?" of a Go MySQL DSN. Names are case-sensitive; a name that the driver does
// not know is a system variable of the session. Source: go-sql-driver/mysql's README ("Parameters").
import { setOwn } from '../../../base/json.ts'
import type { GoDsn } from './go-dsn.ts'
import { DsnFault, goBoolean, goDurationMs, goInteger, percentDecoded } from './go-dsn-values.ts'

type Read = (dsn: GoDsn, value: string) => void

function flag(value: string): boolean {
  const read = goBoolean(value)
  if (read === null) throw new DsnFault(`invalid bool value: ${value}`)
  return read
}

type FlagName = {
  [K in keyof GoDsn]: GoDsn[K] extends boolean ? K : never
}[keyof GoDsn]

const sets =
  (name: FlagName): Read =>
  (dsn, value) => {
    dsn[name] = flag(value)
  }

/** Checked, and without a meaning here: about values of Go, or files that are never sent. */
const checked: Read = (_dsn, value) => {
  flag(value)
}

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['allowAllFiles', checked],
  ['allowCleartextPasswords', sets('allowCleartextPasswords')],
  ['allowFallbackToPlaintext', sets('allowFallbackToPlaintext')],
  ['allowNativePasswords', sets('allowNativePasswords')],
  ['allowOldPasswords', sets('allowOldPasswords')],
  ['checkConnLiveness', checked],
  ['clientFoundRows', sets('clientFoundRows')],
  ['columnsWithAlias', checked],
  ['compress', sets('compress')],
  ['interpolateParams', sets('interpolateParams')],
  ['multiStatements', sets('multiStatements')],
  ['parseTime', checked],
  ['rejectReadOnly', sets('rejectReadOnly')],
  ['charset', (dsn, value) => void (dsn.charsets = value.split(','))],
  ['collation', (dsn, value) => void (dsn.collation = value)],
  ['loc', (_dsn, value) => checkLocation(percentDecoded(value, true))],
  [
    'timeTruncate',
    (_dsn, value) => {
      try {
        goDurationMs(value)
      } catch (error) {
        throw new DsnFault(
          `invalid timeTruncate value: ${value}, error: ${(error as Error).message}`,
        )
      }
    },
  ],
  ['timeout', (dsn, value) => void (dsn.timeoutMs = goDurationMs(value))],
  ['readTimeout', (dsn, value) => void (dsn.readTimeoutMs = goDurationMs(value))],
  ['writeTimeout', (dsn, value) => void (dsn.writeTimeoutMs = goDurationMs(value))],
  ['maxAllowedPacket', (dsn, value) => void (dsn.maxAllowedPacket = goInteger(value))],
  [
    'connectionAttributes',
    (dsn, value) => void (dsn.connectionAttributes = percentDecoded(value, true)),
  ],
  [
    'serverPubKey',
    (_dsn, value) => {
      // Go's programs register keys by name; Vault registers none.
      const name = percentDecoded(value, true)
      if (name !== '') throw new DsnFault(`invalid value / unknown server pub key name: ${name}`)
    },
  ],
  [
    'strict',
    () => {
      throw new DsnFault(
        'strict mode has been removed. See https://github.com/go-sql-driver/mysql/wiki/strict-mode',
      )
    },
  ],
  ['tls', readTls],
])

function readTls(dsn: GoDsn, value: string): void {
  const read = goBoolean(value)
  const lower = value.toLowerCase()
  if (read !== null) dsn.tls = String(read)
  else if (lower === 'skip-verify' || lower === 'preferred') dsn.tls = lower
  else dsn.tls = percentDecoded(value, true)
}

function checkLocation(name: string): void {
  if (name === '' || name === 'UTC' || name === 'Local') return
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    throw new DsnFault(`unknown time zone ${name}`)
  }
}

/** Reads what stands behind the "?"; what has no "=" is passed over. */
export function readDsnParams(dsn: GoDsn, text: string): void {
  for (const param of text.split('&')) {
    const equals = param.indexOf('=')
    if (equals < 0) continue
    const name = param.slice(0, equals)
    const value = param.slice(equals + 1)
    const read = readers.get(name)
    if (read) read(dsn, value)
    else setOwn(dsn.params, name, percentDecoded(value, true))
  }
}
