// Our reading of a Go MySQL DSN in the shape of the oracle's answers (tools/oracles/connection-strings), so
// that both can be compared.
import { type GoDsn, parseGoDsn, splitHostPort } from '../../src/engines/database/mysql/go-dsn.ts'
import { DsnFault } from '../../src/engines/database/mysql/go-dsn-values.ts'

export interface DsnAnswer {
  readonly config?: Readonly<Record<string, unknown>>
  readonly error?: string
}
export type DsnCase = DsnAnswer & { readonly dsn: string }

export function dsnAnswer(text: string): DsnAnswer {
  try {
    return { config: shaped(parseGoDsn(text)) }
  } catch (error) {
    if (!(error instanceof DsnFault)) throw error
    return { error: error.message }
  }
}

function shaped(dsn: GoDsn): Record<string, unknown> {
  const { tls, charsets, interpolateParams: _, ...rest } = dsn
  const isOn = tls !== '' && tls !== 'false'
  const skipVerify = isOn && tls !== 'true'
  const serverName = skipVerify ? '' : (splitHostPort(dsn.address)?.host ?? '')
  return {
    ...rest,
    charsets: charsets.join(','),
    tlsConfig: tls,
    tls: isOn ? { serverName, skipVerify } : null,
  }
}
