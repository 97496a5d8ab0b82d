import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringifyJson } from '../../base/json.ts'
import type { Author } from './author.ts'
import { decodeEntry, decodeV1, encodeEntry, encodeV1, viewCurrent } from './entry-format.ts'
import { goneAtMs, type KeyRecord, versionMetadata } from './key-record.ts'

const text = fc.string({ unit: 'binary' })
const time = fc.nat({ max: 4102444800000 })
const author: fc.Arbitrary<Author | null> = fc.option(
  fc.record({
    actor: text,
    clientId: text,
    isEntity: fc.boolean(),
    act: fc.constantFrom('create' as const, 'update' as const, 'delete' as const),
  }),
)
const version = fc.record({
  createdAtMs: time,
  deletedAtMs: time,
  destroyed: fc.boolean(),
  createdBy: author,
  deletedBy: author,
})
const record: fc.Arbitrary<KeyRecord> = fc
  .record({
    id: fc.string(),
    createdAtMs: time,
    updatedAtMs: time,
    updatedBy: author,
    dropped: fc.nat(1000),
    oldestVersion: fc.nat(1000),
    metadataVersion: fc.nat(),
    maxVersions: fc.nat(),
    casRequired: fc.boolean(),
    metadataCasRequired: fc.boolean(),
    deleteAfterSeconds: fc.nat(),
    custom: fc.option(fc.dictionary(text, text, { noNullPrototype: true })),
    versions: fc.array(version, { maxLength: 12 }),
  })
  .map(({ dropped, ...rest }) => ({
    ...rest,
    currentVersion: rest.versions.length === 0 ? 0 : dropped + rest.versions.length,
  }))
const place = fc.constantFrom('here' as const, 'own' as const, 'none' as const)
const data = fc.jsonValue().map((value) => JSON.stringify(value))

describe('the stored form of a v2 key', () => {
  it('gives back what was put in, and the current version without parsing', () => {
    fc.assert(
      fc.property(fc.record({ record, place, data }), (entry) => {
        const stored = encodeEntry(entry)
        expect(decodeEntry(stored)).toEqual(entry)
        const current = entry.record.currentVersion
        const last = entry.record.versions.at(-1)
        fc.pre(last !== undefined)
        expect(viewCurrent(stored)).toEqual({
          version: current,
          goneAtMs: goneAtMs(last!),
          place: entry.place,
          metadata: stringifyJson(versionMetadata(entry.record, current)),
          data: entry.data,
        })
      }),
    )
  })

  it('keeps a thousand versions by one author in 40 bytes each', () => {
    const by: Author = {
      actor: 'token-ci',
      clientId: 'a'.repeat(36),
      isEntity: true,
      act: 'update',
    }
    const one = { createdAtMs: 1893456000000, deletedAtMs: 0, destroyed: false, createdBy: by }
    const versions = Array.from({ length: 1000 }, () => ({ ...one, deletedBy: null }))
    const base = { ...fc.sample(record, { numRuns: 1, seed: 1 })[0]!, custom: null, updatedBy: by }
    const stored = encodeEntry({
      record: { ...base, versions, currentVersion: 1000 },
      place: 'here',
      data: '{}',
    })
    expect(stored.length).toBeLessThan(40_000)
  })
})

describe('the stored form of a v1 secret', () => {
  const v1 = fc.record({
    leaseSeconds: fc.option(fc.integer()),
    writtenAtMs: time,
    author,
    data,
  })

  it('gives back what was put in, and reads as version 1', () => {
    fc.assert(
      fc.property(v1, (entry) => {
        const stored = encodeV1(entry)
        expect(decodeV1(stored)).toEqual(entry)
        const view = viewCurrent(stored)
        expect(view).toMatchObject({ version: 1, place: 'here', data: entry.data, goneAtMs: 0 })
        const { record } = decodeEntry(stored)
        expect(record).toMatchObject({
          currentVersion: 1,
          oldestVersion: 1,
          createdAtMs: entry.writtenAtMs,
        })
        expect(record.versions).toHaveLength(1)
      }),
    )
  })
})
