// The ready-made requests: right bytes, the digits of the name overwritten in place.
import { describe, expect, it } from 'vitest'
import { type Api, loadSource, requestSource, secretName } from './requests.ts'

const api: Api = {
  host: '127.0.0.1:8200',
  token: 'hvs.x',
  kv: 2,
  secrets: 1_000_000,
  ciphertext: '',
}

describe('requests', () => {
  it('names a thousand secrets a folder', () => {
    expect(secretName(0)).toBe('bench/00000/000')
    expect(secretName(1_234_567)).toBe('bench/01234/567')
  })

  it('stores every secret once, in order, under its name', () => {
    let taken = 0
    const next = loadSource({ ...api, secrets: 3 }, () => (taken < 3 ? taken++ : null))
    const lines = [next(), next(), next()].map((bytes) => bytes?.toString().split('\r\n')[0])
    expect(lines[2]).toBe('POST /v1/secret/data/bench/00000/002 HTTP/1.1')
    expect(next()).toBeNull()
  })

  it('reads random secrets below the count', () => {
    const source = requestSource('kv-read', { ...api, secrets: 7 })
    for (let turn = 0; turn < 100; turn++) {
      expect(source.next().toString()).toMatch(/^GET \/v1\/secret\/data\/bench\/00000\/00[0-6] /)
    }
  })

  it('wraps data for KV version 2 only and counts its bytes', () => {
    for (const kv of [1, 2] as const) {
      const [head, body] = requestSource('kv-write', { ...api, kv })
        .next()
        .toString()
        .split('\r\n\r\n')
      expect(head).toContain(`Content-Length: ${body!.length}`)
      expect('data' in JSON.parse(body!)).toBe(kv === 2)
    }
  })

  it('sends a hundred items in a batch of transit', () => {
    const [head, body] = requestSource('transit-batch', api).next().toString().split('\r\n\r\n')
    expect(head).toMatch(/^POST \/v1\/transit\/encrypt\/bench-aes HTTP/)
    expect(JSON.parse(body!).batch_input).toHaveLength(100)
  })
})
