// The requests of the bench as ready bytes. A request that picks a secret at random has the digits
// of its name overwritten in place, so a request costs no string work when it is sent.

import { isPki, pkiOperations, pkiRequest, pkiTitles } from './pki-requests.ts'
import { isTransit, transitOperations, transitRequest, transitTitles } from './transit-requests.ts'

export interface RequestSource {
  /** The next request: valid until the next call. */
  next(): Buffer
}

export type KvVersion = 1 | 2

export interface Api {
  /** Host header. */
  readonly host: string
  readonly token: string
  readonly kv: KvVersion
  /** Secrets are named 0 to secrets - 1. */
  readonly secrets: number
  /** For transit's decrypt; '' where no operation of transit is measured. */
  readonly ciphertext: string
}

/** Measured unless `--operations` names others. */
export const coreOperations = ['kv-read', 'kv-write', 'token-lookup', 'token-create'] as const
export const operationNames = [...coreOperations, ...transitOperations, ...pkiOperations] as const
export type OperationName = (typeof operationNames)[number]

export const operationTitles: Readonly<Record<OperationName, string>> = {
  'kv-read': 'KV read',
  'kv-write': 'KV write',
  'token-lookup': 'token look-up',
  'token-create': 'token create',
  ...transitTitles,
  ...pkiTitles,
}

/** 1,000 secrets a folder, as a listing of a million names would be no use to anyone. */
const NAME_DIGITS = 8
export const secretName = (index: number): string => {
  const digits = String(index).padStart(NAME_DIGITS, '0')
  return `bench/${digits.slice(0, 5)}/${digits.slice(5)}`
}

const PAYLOAD = {
  username: 'app-00000000',
  password: 'Zt7-qLw2_hVx9Rk4sBn1Yc6d',
  url: 'postgresql://db-7.internal.example:5432/orders?sslmode=verify-full',
}

export function requestBytes(api: Pick<Api, 'host' | 'token'>, line: string, body = ''): Buffer {
  const lines = [`${line} HTTP/1.1`, `Host: ${api.host}`]
  if (api.token !== '') lines.push(`X-Vault-Token: ${api.token}`)
  if (body !== '') lines.push('Content-Type: application/json')
  if (body !== '' || !line.startsWith('GET')) lines.push(`Content-Length: ${body.length}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

const secretPath = (api: Api): string => `/v1/secret/${api.kv === 2 ? 'data/' : ''}`
const payloadBody = (api: Api): string => JSON.stringify(api.kv === 2 ? { data: PAYLOAD } : PAYLOAD)

/** A source of the operation's requests for one connection. */
export function requestSource(operation: OperationName, api: Api): RequestSource {
  if (isTransit(operation)) {
    const { path, body } = transitRequest(operation, api.ciphertext)
    return constant(requestBytes(api, `POST /v1/transit/${path}`, body))
  }
  if (isPki(operation)) {
    const { path, body } = pkiRequest(operation)
    return constant(requestBytes(api, `POST /v1/pki/${path}`, body))
  }
  const path = secretPath(api)
  switch (operation) {
    case 'kv-read':
      return named(requestBytes(api, `GET ${path}${secretName(0)}`), () => randomIndex(api))
    case 'kv-write':
      return named(requestBytes(api, `POST ${path}${secretName(0)}`, payloadBody(api)), () =>
        randomIndex(api),
      )
    case 'token-lookup':
      return constant(requestBytes(api, 'GET /v1/auth/token/lookup-self'))
    case 'token-create': {
      const body = JSON.stringify({ ttl: '1h' })
      return constant(requestBytes(api, 'POST /v1/auth/token/create', body))
    }
  }
}

/** Writes of the secrets 0 to secrets - 1, in order, handed out by `take`; null ends the load. */
export function loadSource(api: Api, take: () => number | null): () => Buffer | null {
  let index: number | null = 0
  const source = named(
    requestBytes(api, `POST ${secretPath(api)}${secretName(0)}`, payloadBody(api)),
    () => index ?? 0,
  )
  return () => {
    index = take()
    return index === null ? null : source.next()
  }
}

const randomIndex = (api: Api): number => Math.floor(Math.random() * api.secrets)
const constant = (bytes: Buffer): RequestSource => ({ next: () => bytes })

function named(bytes: Buffer, pick: () => number): RequestSource {
  const nameAt = bytes.indexOf(secretName(0)) + 'bench/'.length
  return {
    next() {
      let rest = pick()
      for (let digit = NAME_DIGITS - 1; digit >= 0; digit--) {
        // One slash stands after the fifth digit.
        bytes[nameAt + (digit < 5 ? digit : digit + 1)] = 48 + (rest % 10)
        rest = Math.floor(rest / 10)
      }
      return bytes
    },
  }
}
