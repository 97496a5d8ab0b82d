// Which URIs a certificate takes: what a parser of URIs would refuse, or take for another one, is refused here.
import { expect, it } from 'vitest'
import { type RequestedValues, requestedNames } from './requested-names.ts'
import { PERMISSIVE_ROLE } from './verbatim-role.ts'

const values: RequestedValues = {
  alt_names: [],
  common_name: 'a.example.com',
  exclude_cn_from_sans: false,
  ip_sans: [],
  other_sans: [],
  serial_number: '',
  uri_sans: [],
}
const urisOf = (uri: string): readonly string[] =>
  requestedNames(PERMISSIVE_ROLE, { ...values, uri_sans: [uri] }, null).altNames.uris

it.each(['spiffe://example.com/a', 'urn:a:b', 'a+b-c.1:x', 'a/b:c', 'name', '/a:b', '?a:b'])(
  'takes %s',
  (uri) => {
    expect(urisOf(uri)).toEqual([uri])
  },
)

it.each(['::bad', ':', '1a:b', 'a_b:c', '%41:b', '-a://b', 'a\nb', 'http://a/%zz'])(
  'refuses %j',
  (uri) => {
    expect(() => urisOf(uri)).toThrow('is not a valid URI')
  },
)
