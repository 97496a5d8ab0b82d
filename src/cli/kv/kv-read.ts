// Reading a secret's value with its metadata. A deleted version is an absence (404) that still has metadata.
// Source: the KV v2 API page; a change builds upon a version that exists.
import type { Client } from '../client.ts'
import type { JsonMap } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { formatValue } from '../go-format.ts'
import { mapOf, type Secret, textOf } from '../secret.ts'

/** The secret at an API path; `version` 0 is the current one. */
export function readVersion(client: Client, path: string, version: number): Promise<Secret | null> {
  const query = version > 0 ? new Map([['version', [String(version)]]]) : undefined
  return client.secret('GET', path, { query })
}

export interface Existing {
  readonly data: JsonMap
  readonly metadata: JsonMap
}

/** The version that a change builds upon; throws in the words of `doing` ("patch") where there is none. */
export async function readExisting(
  client: Client,
  path: string,
  version: number,
  doing: string,
): Promise<Existing> {
  const query = version > 0 ? new Map([['version', [String(version)]]]) : undefined
  const secret = await attempt(`Error doing pre-read at ${path}`, () =>
    client.secret('GET', path, { query, isPreflight: true }),
  )
  if (!secret?.data) throw new Failure(2, `No value found at ${path}`)
  const metadata = mapOf(secret.data, 'metadata')
  if (!metadata) {
    throw new Failure(2, `No metadata found at ${path}; ${doing} only works on existing data`)
  }
  if (version > 0 && textOf(metadata, 'deletion_time') !== '') {
    throw new Failure(2, 'Cannot roll back to a version that has been deleted')
  }
  if (version > 0 && formatValue(metadata.get('destroyed')) === 'true') {
    throw new Failure(2, 'Cannot roll back to a version that has been destroyed')
  }
  const data = mapOf(secret.data, 'data')
  if (!data) throw new Failure(2, `No data found at ${path}; ${doing} only works on existing data`)
  return { data, metadata }
}
