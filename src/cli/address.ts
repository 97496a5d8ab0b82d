// Server addresses and request paths as the Go client reads them: http, https and unix schemes, a path
// prefix, paths cleaned of empty and dot segments, and Go's choice of what to percent-encode.
import { posix } from 'node:path'
import type { Endpoint } from './transport.ts'

/** The endpoint of an address; throws where it is none. */
export function parseAddress(address: string): Endpoint {
  if (address.startsWith('unix://')) {
    const socketPath = address.slice('unix://'.length)
    return {
      protocol: 'http:',
      hostname: 'localhost',
      port: '',
      host: 'localhost',
      prefix: '',
      socketPath,
    }
  }
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw new Error(`"${address}" is no address: write it as http://127.0.0.1:8200 or unix:///path`)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`"${address}" is no address: it has to begin with http://, https:// or unix://`)
  }
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port || (url.protocol === 'https:' ? '443' : '80'),
    host: url.host,
    prefix: url.pathname.replace(/\/+$/, ''),
    socketPath: null,
  }
}

const KEPT = /[A-Za-z0-9\-_.~$&+,/:;=@]/

function encodeRune(rune: string): string {
  if (KEPT.test(rune)) return rune
  let out = ''
  for (const byte of Buffer.from(rune)) {
    out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

/** The encoded request path below the prefix, for an API path without its /v1/. */
export function requestPath(prefix: string, path: string): string {
  const cleaned = posix.join('/', prefix, 'v1', path).replace(/\/+$/, '')
  let out = ''
  for (const rune of cleaned) out += encodeRune(rune)
  return out
}

/** A query string with its keys sorted, as url.Values.Encode makes it; '' for none. */
export function encodeQuery(query: ReadonlyMap<string, readonly string[]>): string {
  const parts: string[] = []
  for (const key of [...query.keys()].sort()) {
    for (const value of query.get(key)!) {
      parts.push(new URLSearchParams([[key, value]]).toString())
    }
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
