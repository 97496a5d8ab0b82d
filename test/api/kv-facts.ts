// What a KV mount answers, as a table that any harness can replay: through HTTP in the API suite, on the
// engine alone beside it. Captured from and checked against OpenBao 2.6.2; steps marked `ours` are where we
// mean to differ (each stands in docs/compat.md) or add.
//
// Each fact starts on a new mount. `expectBody` is a part of the reply: members that are listed must be
// equal (null is null, lists are whole), others may be there. A text <…> matches by form: <time>, <any>.
export interface KvStep {
  readonly method: 'GET' | 'LIST' | 'SCAN' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the mount, with its query; encoded as in a URL. */
  readonly path: string
  /** JSON text. PATCH sends it as application/merge-patch+json. */
  readonly body?: string
  readonly expectStatus: number
  /** null: the reply has no body. Absent: not looked at. */
  readonly expectBody?: unknown
  /** Text that the reply contains exactly. */
  readonly expectText?: string
  readonly ours?: true
  /** Milliseconds to wait before the step. */
  readonly afterMs?: number
}

export interface KvFact {
  readonly name: string
  readonly mountVersion: '1' | '2'
  readonly steps: readonly KvStep[]
}

type Extra = Omit<KvStep, 'method' | 'path' | 'body' | 'expectStatus' | 'expectBody'>
const step =
  (method: KvStep['method']) =>
  (
    path: string,
    body: string | null,
    expectStatus: number,
    expectBody?: unknown,
    extra: Extra = {},
  ): KvStep => ({
    method,
    path,
    ...(body === null ? undefined : { body }),
    expectStatus,
    ...(expectBody === undefined ? undefined : { expectBody }),
    ...extra,
  })
const get = step('GET')
const list = step('LIST')
const scan = step('SCAN')
const post = step('POST')
const put = step('PUT')
const patch = step('PATCH')
const remove = step('DELETE')

const errors = (...errors: string[]) => ({ errors })
const NOT_FOUND = errors()
const OURS: Extra = { ours: true }
const EMPTY_ENVELOPE = {
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  wrap_info: null,
  warnings: null,
  auth: null,
}
/** The facts of a version that nobody deleted. */
const facts = (version: number, custom_metadata: unknown = null) => ({
  created_time: '<time>',
  custom_metadata,
  deletion_time: '',
  destroyed: false,
  version,
})
const written = (version: number) => ({ ...EMPTY_ENVELOPE, data: facts(version) })
const secret = (data: unknown, version: number) => ({
  ...EMPTY_ENVELOPE,
  data: { data, metadata: facts(version) },
})
const noVersion = (version: number, destroyed: boolean, deletion_time: string) => ({
  data: { data: null, metadata: { ...facts(version), deletion_time, destroyed } },
})
const warned = (warning: string) => ({ ...EMPTY_ENVELOPE, data: null, warnings: [warning] })

const CAS_MISMATCH = errors('check-and-set parameter did not match the current version')
const CAS_REQUIRED = errors('check-and-set parameter required for this call')
const METADATA_CAS_MISMATCH = errors(
  'metadata check-and-set parameter does not match the current version',
)
const METADATA_CAS_REQUIRED = errors('metadata check-and-set parameter required for this call')
const UNSUPPORTED = errors('1 error occurred:\n\t* unsupported operation\n\n')
const NO_ROOT = 'Non-listing operations on the root of a K/V v2 mount are not supported.'

const dataFacts: readonly KvFact[] = [
  {
    name: 'write, read, read by version',
    mountVersion: '2',
    steps: [
      get('data/a', null, 404, NOT_FOUND),
      post('data/a', '{"data":{"x":1}}', 200, written(1)),
      put('data/a', '{"data":{"x":2}}', 200, written(2)),
      get('data/a', null, 200, secret({ x: 2 }, 2)),
      get('data/a?version=1', null, 200, secret({ x: 1 }, 1)),
      get('data/a?version=2', null, 200, secret({ x: 2 }, 2)),
      get('data/a?version=0', null, 200, secret({ x: 2 }, 2)),
      get('data/a?version=-1', null, 200, secret({ x: 2 }, 2)),
      get('data/a?version=3', null, 404, NOT_FOUND),
      get('data/a?version=abc', null, 400),
    ],
  },
  {
    name: 'what data and options may be',
    mountVersion: '2',
    steps: [
      post('data/a', '{}', 400, errors('no data provided')),
      post('data/a', '{"data":"text"}', 400),
      post('data/a', '{"data":{"x":1},"options":"text"}', 400),
      post('data/a', '{"data":{"x":1},"options":null}', 200, written(1)),
      post('data/a', '{"data":{"x":1},"options":[]}', 200, written(2)),
      post('data/a', '{"data":[]}', 200, written(3)),
      get('data/a', null, 200, secret({}, 3)),
      post('data/a', '{"data":null}', 200, written(4)),
      get('data/a', null, 200, secret(null, 4)),
      post('data/a', '{"data":{"x":1},"foo":1}', 200, {
        data: facts(5),
        warnings: ['Endpoint ignored these unrecognized parameters: [foo]'],
      }),
    ],
  },
  {
    name: 'check-and-set',
    mountVersion: '2',
    steps: [
      post('data/a', '{"data":{},"options":{"cas":1}}', 400, CAS_MISMATCH),
      post('data/a', '{"data":{},"options":{"cas":0}}', 200, written(1)),
      post('data/a', '{"data":{},"options":{"cas":0}}', 400, CAS_MISMATCH),
      post('data/a', '{"data":{},"options":{"cas":"1"}}', 200, written(2)),
      post('data/a', '{"data":{},"options":{"cas":null}}', 400, CAS_MISMATCH),
      post('data/a', '{"data":{},"options":{"cas":-1}}', 400, CAS_MISMATCH),
      post(
        'data/a',
        '{"data":{},"options":{"cas":"x"}}',
        400,
        errors('error parsing check-and-set parameter'),
      ),
      post(
        'data/a',
        '{"data":{},"options":{"cas":1.5}}',
        400,
        errors('error parsing check-and-set parameter'),
      ),
      remove('data/a', null, 204, null),
      post('data/a', '{"data":{},"options":{"cas":2}}', 200, written(3)),
    ],
  },
  {
    name: 'numbers and names stay as written',
    mountVersion: '2',
    steps: [
      post('data/a', '{"data":{"n":9007199254740993,"f":1.0,"e":1e400}}', 200, written(1), OURS),
      get('data/a', null, 200, undefined, {
        ours: true,
        expectText: '{"n":9007199254740993,"f":1.0,"e":1e400}',
      }),
      patch('data/a', '{"data":{"m":0.10,"__proto__":{"x":2.0}}}', 200, written(2), OURS),
      get('data/a', null, 200, undefined, {
        ours: true,
        expectText: '{"n":9007199254740993,"f":1.0,"e":1e400,"m":0.10,"__proto__":{"x":2.0}}',
      }),
      get('subkeys/a', null, 200, undefined, {
        ours: true,
        expectText: '{"n":null,"f":null,"e":null,"m":null,"__proto__":{"x":null}}',
      }),
    ],
  },
  {
    name: 'who wrote and deleted',
    mountVersion: '2',
    steps: [
      post('data/a', '{"data":{"x":1}}', 200),
      remove('data/a', null, 204, null),
      get(
        'metadata/a',
        null,
        200,
        {
          data: {
            last_updated_by: { actor: 'root', client_id: '<any>', operation: 'create' },
            versions: {
              1: {
                created_by: { actor: 'root', client_id: '<any>', operation: 'create' },
                deleted_by: { actor: 'root', client_id: '<any>', operation: 'delete' },
              },
            },
          },
        },
        OURS,
      ),
    ],
  },
  {
    name: 'soft delete, undelete, destroy',
    mountVersion: '2',
    steps: [
      remove('data/none', null, 204, null),
      post('data/a', '{"data":{"x":1}}', 200, written(1)),
      post('data/a', '{"data":{"x":2}}', 200, written(2)),
      post('data/a', '{"data":{"x":3}}', 200, written(3)),
      remove('data/a', null, 204, null),
      get('data/a', null, 404, { ...EMPTY_ENVELOPE, ...noVersion(3, false, '<time>') }),
      remove('data/a', null, 204, null),
      get('data/a?version=2', null, 200, secret({ x: 2 }, 2)),
      post('undelete/a', '{"versions":[3,99]}', 204, null),
      get('data/a', null, 200, secret({ x: 3 }, 3)),
      post('delete/a', '{"versions":"1,2"}', 204, null),
      get('data/a?version=1', null, 404, noVersion(1, false, '<time>')),
      put('delete/a', '{"versions":["3"]}', 204, null),
      get('data/a', null, 404, noVersion(3, false, '<time>')),
      put('undelete/a', '{"versions":[1,2,3]}', 204, null),
      get('data/a?version=2', null, 200, secret({ x: 2 }, 2)),
      post('destroy/a', '{"versions":[2,77]}', 204, null),
      get('data/a?version=2', null, 404, { ...EMPTY_ENVELOPE, ...noVersion(2, true, '') }),
      post('undelete/a', '{"versions":[2]}', 204, null),
      get('data/a?version=2', null, 404, noVersion(2, true, '')),
      post('destroy/a', '{"versions":3}', 204, null),
      get('data/a', null, 404, noVersion(3, true, '')),
      get('metadata/a', null, 200, {
        data: { versions: { 2: { destroyed: true, deletion_time: '' }, 3: { destroyed: true } } },
      }),
      post('data/a', '{"data":{"x":4}}', 200, written(4)),
      get('data/a', null, 200, secret({ x: 4 }, 4)),
    ],
  },
  {
    name: 'version lists that are wrong',
    mountVersion: '2',
    steps: [
      post('delete/a', '{}', 400, errors('No version number provided')),
      post('undelete/a', '{"versions":[]}', 400, errors('No version number provided')),
      post('destroy/a', '{}', 400, errors('no version number provided')),
      post('delete/a', '{"versions":["x"]}', 400),
      post('delete/none', '{"versions":[1]}', 204, null),
      post('undelete/none', '{"versions":[1]}', 204, null),
      post('destroy/none', '{"versions":[1]}', 204, null),
    ],
  },
  {
    name: 'patch',
    mountVersion: '2',
    steps: [
      patch('data/a', '{"data":{"x":1}}', 404, null),
      post('data/a', '{"data":{"a":{"b":1,"c":2},"d":[1,2],"e":"f"}}', 200, written(1)),
      patch('data/a', '{"data":{"a":{"b":null,"z":{"q":null,"k":1}},"d":[3]}}', 200, written(2)),
      get('data/a', null, 200, secret({ a: { c: 2, z: { k: 1 } }, d: [3], e: 'f' }, 2)),
      patch('data/a', '{"data":{"x":1},"options":{"cas":1}}', 400, CAS_MISMATCH),
      patch('data/a', '{"data":{"x":1},"options":{"cas":2}}', 200, written(3)),
      patch('data/a', '{}', 400, errors('no data provided')),
      remove('data/a', null, 204, null),
      patch('data/a', '{"data":{"x":1}}', 404, {
        ...EMPTY_ENVELOPE,
        data: { ...facts(3), deletion_time: '<time>' },
      }),
      patch('data/a', '{"data":{"x":1},"options":{"cas":0}}', 400, CAS_MISMATCH),
      post('destroy/a', '{"versions":[3]}', 204, null),
      patch('data/a', '{"data":{"x":1}}', 404, {
        data: { ...facts(3), deletion_time: '<time>', destroyed: true },
      }),
      post('metadata/only', '{"max_versions":3}', 204, null),
      patch('data/only', '{"data":{"x":1}}', 404, null),
      get('data/only', null, 404, NOT_FOUND),
      remove('data/only', null, 204, null),
      get('subkeys/only', null, 404, NOT_FOUND),
    ],
  },
  {
    name: 'subkeys',
    mountVersion: '2',
    steps: [
      get('subkeys/a', null, 404, NOT_FOUND),
      post('data/a', '{"data":{"a":{"b":{"c":1},"e":{}},"d":[{"x":1}],"z":null}}', 200),
      get('subkeys/a', null, 200, {
        ...EMPTY_ENVELOPE,
        data: {
          metadata: facts(1),
          subkeys: { a: { b: { c: null }, e: null }, d: null, z: null },
        },
      }),
      get('subkeys/a?depth=1', null, 200, { data: { subkeys: { a: null, d: null, z: null } } }),
      get('subkeys/a?depth=2', null, 200, {
        data: { subkeys: { a: { b: null, e: null }, d: null, z: null } },
      }),
      get('subkeys/a?version=1', null, 200, { data: { metadata: facts(1) } }),
      get('subkeys/a?version=9', null, 404, NOT_FOUND),
      remove('data/a', null, 204, null),
      get('subkeys/a', null, 404, {
        data: { subkeys: null, metadata: { ...facts(1), deletion_time: '<time>' } },
      }),
    ],
  },
  {
    name: 'paths',
    mountVersion: '2',
    steps: [
      post('data/a/', '{"data":{}}', 400, errors("cannot write to a path ending in '/'")),
      post('data', '{"data":{}}', 404, warned(NO_ROOT)),
      get('data', null, 404, warned(NO_ROOT)),
      get('metadata', null, 404, warned(NO_ROOT)),
      post('data/a%20b/%C3%A9', '{"data":{"x":1}}', 200, written(1)),
      get('data/a%20b/%C3%A9', null, 200, secret({ x: 1 }, 1)),
      get('data/a%20b', null, 404, NOT_FOUND),
      post('data/a%20b', '{"data":{"x":2}}', 200, written(1)),
      get('data/a%20b/%C3%A9', null, 200, secret({ x: 1 }, 1)),
      get('data/a%20b/', null, 404, NOT_FOUND, OURS),
      list('data/a', null, 405, UNSUPPORTED),
      get('delete/a', null, 405, UNSUPPORTED),
      list('subkeys/a', null, 405, UNSUPPORTED),
      get('detailed-metadata/a', null, 405, UNSUPPORTED),
      get('other/a', null, 404, {
        data: null,
        warnings: ['<any>'],
      }),
      post('other', '{"x":1}', 404, { data: null, warnings: ['<any>'] }),
    ],
  },
]

const metadataFacts: readonly KvFact[] = [
  {
    name: 'metadata: read and write',
    mountVersion: '2',
    steps: [
      get('metadata/a', null, 404, NOT_FOUND),
      post('metadata/a', '{}', 204, null),
      post('metadata/a', '{"metadata_cas":0}', 204, null),
      get('metadata/a', null, 404, NOT_FOUND),
      post(
        'metadata/a',
        '{"max_versions":5,"cas_required":true,"delete_version_after":"90m","custom_metadata":{"a":"1","n":1.50,"t":true}}',
        204,
        null,
      ),
      get('metadata/a', null, 200, {
        ...EMPTY_ENVELOPE,
        data: {
          cas_required: true,
          created_time: '<time>',
          current_metadata_version: 1,
          current_version: 0,
          custom_metadata: { a: '1', n: '1.50', t: '1' },
          delete_version_after: '1h30m0s',
          max_versions: 5,
          metadata_cas_required: false,
          oldest_version: 0,
          updated_time: '<time>',
          versions: {},
        },
      }),
      post('data/a', '{"data":{"x":1}}', 400, CAS_REQUIRED),
      post('data/a', '{"data":{"x":1},"options":{"cas":0}}', 200, {
        data: {
          ...facts(1, { a: '1', n: '1.50', t: '1' }),
          deletion_time: '<time>',
        },
      }),
      get('data/a', null, 200, {
        data: {
          data: { x: 1 },
          metadata: { ...facts(1, { a: '1', n: '1.50', t: '1' }), deletion_time: '<time>' },
        },
      }),
      patch('data/a', '{"data":{"y":1}}', 400, CAS_REQUIRED),
      post('metadata/a', '{"custom_metadata":{}}', 204, null),
      get('metadata/a', null, 200, {
        data: { custom_metadata: null, current_metadata_version: 2, current_version: 1 },
      }),
      post('metadata/a', '{"max_versions":null,"delete_version_after":0}', 204, null),
      get('metadata/a', null, 200, {
        data: { max_versions: 0, delete_version_after: '0s', current_metadata_version: 3 },
      }),
      post('metadata/a', '{"max_versions":"7"}', 204, null),
      post('metadata/a', '{"max_versions":"x"}', 400),
      post('metadata/a', '{"delete_version_after":"-1s"}', 400),
      post('metadata/a', '{"delete_version_after":"junk"}', 400),
      get('metadata/a', null, 200, { data: { max_versions: 7 } }),
      post('metadata/a', '{"max_versions":-1}', 400, undefined, OURS),
      post(
        'metadata/a/',
        '{"max_versions":1}',
        400,
        errors("cannot write to a path ending in '/'"),
      ),
      post('metadata', '{"max_versions":1}', 404, warned(NO_ROOT)),
    ],
  },
  {
    name: 'metadata: limits of custom_metadata',
    mountVersion: '2',
    steps: [
      ...[
        [`{"a":""}`, 'length of value for key "a" is 0 but must be 0 < len(value) <= 512'],
        [`{"a":null}`, 'length of value for key "a" is 0 but must be 0 < len(value) <= 512'],
        [`{"":"x"}`, 'length of key "" is 0 but must be 0 < len(key) <= 128'],
        [
          `{"${'k'.repeat(129)}":"x"}`,
          `length of key "${'k'.repeat(129)}" is 129 but must be 0 < len(key) <= 128`,
        ],
        [
          `{"k":"${'v'.repeat(513)}"}`,
          'length of value for key "k" is 513 but must be 0 < len(value) <= 512',
        ],
        [`{"k":"x\\u0001"}`, 'value for key "k" contains unprintable characters'],
        [
          `{${Array.from({ length: 65 }, (_, at) => `"k${at}":"v"`).join()}}`,
          'payload must contain at most 64 keys, provided 65',
        ],
      ].map(([pairs, fault]) =>
        post(
          'metadata/a',
          `{"custom_metadata":${pairs}}`,
          400,
          errors(`1 error occurred:\n\t* custom_metadata validation failed: ${fault}\n\n`),
        ),
      ),
      post('metadata/a', '{"custom_metadata":{"a":{"x":1}}}', 400),
      post('metadata/a', '{"custom_metadata":["x"]}', 400),
      post('metadata/a', '{"custom_metadata":"x"}', 400),
      get('metadata/a', null, 404, NOT_FOUND),
      post(
        'metadata/a',
        `{"custom_metadata":{"${'k'.repeat(128)}":"${'v'.repeat(512)}","é":"ü €"}}`,
        204,
        null,
      ),
    ],
  },
  {
    name: 'metadata: patch',
    mountVersion: '2',
    steps: [
      patch('metadata/a', '{"max_versions":3}', 404, null),
      patch('metadata/a', '{}', 204, null),
      post('metadata/a', '{"custom_metadata":{"a":"1","b":"2"},"cas_required":true}', 204, null),
      patch('metadata/a', '{"foo":1}', 204, null),
      patch('metadata/a', '{"custom_metadata":{"a":null,"c":"3"},"max_versions":4}', 204, null),
      get('metadata/a', null, 200, {
        data: {
          cas_required: true,
          current_metadata_version: 2,
          custom_metadata: { b: '2', c: '3' },
          max_versions: 4,
        },
      }),
      patch('metadata/a', '{"custom_metadata":{"z":""}}', 400),
      patch('metadata/a', '{"custom_metadata":null}', 204, null),
      patch('metadata/a', '{"cas_required":null}', 204, null),
      patch('metadata/a', '{"max_versions":null}', 204, null),
      patch('metadata/a', '{"delete_version_after":"1h"}', 204, null),
      get('metadata/a', null, 200, {
        data: {
          cas_required: false,
          current_metadata_version: 6,
          custom_metadata: null,
          delete_version_after: '1h0m0s',
          max_versions: 0,
        },
      }),
      patch('metadata/a', '{"custom_metadata":{"z":"1"}}', 204, null),
      patch('metadata/a', '{"custom_metadata":{"z":null}}', 204, null),
      get('metadata/a', null, 200, { data: { custom_metadata: null } }),
      patch('metadata/a', '{"delete_version_after":null}', 204, null),
      get('metadata/a', null, 200, { data: { delete_version_after: '0s' } }, OURS),
    ],
  },
  {
    name: 'metadata: check-and-set',
    mountVersion: '2',
    steps: [
      post(
        'metadata/a',
        '{"metadata_cas":1,"max_versions":1}',
        400,
        errors('metadata_cas must be 0 when creating new metadata'),
      ),
      post('metadata/a', '{"metadata_cas":0,"metadata_cas_required":true}', 204, null),
      post('metadata/a', '{"max_versions":1}', 400, METADATA_CAS_REQUIRED),
      post('metadata/a', '{"metadata_cas":0,"max_versions":1}', 400, METADATA_CAS_MISMATCH),
      post('metadata/a', '{"metadata_cas":1,"max_versions":2}', 204, null),
      patch('metadata/a', '{"max_versions":2}', 400, METADATA_CAS_REQUIRED),
      patch('metadata/a', '{"metadata_cas":1,"max_versions":2}', 400, METADATA_CAS_MISMATCH),
      patch('metadata/a', '{"metadata_cas":2,"max_versions":3}', 204, null),
      get('metadata/a', null, 200, { data: { current_metadata_version: 3, max_versions: 3 } }),
      post('data/a', '{"data":{"x":1}}', 200, written(1)),
      get('metadata/a', null, 200, { data: { current_metadata_version: 3 } }),
    ],
  },
  {
    name: 'metadata: delete',
    mountVersion: '2',
    steps: [
      remove('metadata/a', null, 204, null),
      post('data/a', '{"data":{"x":1}}', 200, written(1)),
      post('data/a', '{"data":{"x":2}}', 200, written(2)),
      remove('metadata/a', null, 204, null),
      get('metadata/a', null, 404, NOT_FOUND),
      get('data/a', null, 404, NOT_FOUND),
      get('data/a?version=1', null, 404, NOT_FOUND),
      post('data/a', '{"data":{"x":3}}', 200, written(1)),
      get('data/a?version=2', null, 404, NOT_FOUND),
    ],
  },
  {
    name: 'the window of versions',
    mountVersion: '2',
    steps: [
      post('metadata/a', '{"max_versions":2}', 204, null),
      ...[1, 2, 3, 4].map((version) =>
        post('data/a', `{"data":{"v":${version}}}`, 200, written(version)),
      ),
      get('metadata/a', null, 200, {
        data: {
          current_version: 4,
          oldest_version: 3,
          versions: { 3: { destroyed: false }, 4: { destroyed: false } },
        },
      }),
      get('data/a?version=2', null, 404, NOT_FOUND),
      get('data/a?version=3', null, 200, secret({ v: 3 }, 3)),
      post('config', '{"max_versions":1}', 204, null),
      post('data/a', '{"data":{"v":5}}', 200, written(5)),
      get('metadata/a', null, 200, { data: { oldest_version: 4 } }),
      ...Array.from({ length: 11 }, (_, at) =>
        post('data/ten', '{"data":{}}', 200, { data: { version: at + 1 } }),
      ),
    ],
  },
  {
    name: 'expiry',
    mountVersion: '2',
    steps: [
      post('metadata/a', '{"delete_version_after":"1s"}', 204, null),
      post('data/a', '{"data":{"x":1}}', 200, { data: { deletion_time: '<time>' } }),
      get('data/a', null, 200, { data: { data: { x: 1 } } }),
      get('data/a', null, 404, noVersion(1, false, '<time>'), { afterMs: 1100 }),
      patch('data/a', '{"data":{"x":1}}', 404, { data: { version: 1 } }),
      post('metadata/a', '{"delete_version_after":0}', 204, null),
      post('undelete/a', '{"versions":[1]}', 204, null),
      get('data/a', null, 200, secret({ x: 1 }, 1)),
      post('config', '{"delete_version_after":"1h"}', 204, null),
      post('data/b', '{"data":{"x":1}}', 200, { data: { deletion_time: '<time>' } }),
      post('config', '{"delete_version_after":"-5s"}', 204, null),
      get('config', null, 200, { data: { delete_version_after: '-1s' } }),
      post('data/b', '{"data":{"x":1}}', 200, written(2)),
    ],
  },
]

const mountFacts: readonly KvFact[] = [
  {
    name: 'config',
    mountVersion: '2',
    steps: [
      get('config', null, 200, {
        ...EMPTY_ENVELOPE,
        data: {
          cas_required: false,
          delete_version_after: '0s',
          max_versions: 0,
          metadata_cas_required: false,
        },
      }),
      post('config', '{}', 204, null),
      post(
        'config',
        '{"max_versions":4,"cas_required":true,"delete_version_after":"1h","metadata_cas_required":true}',
        204,
        null,
      ),
      get('config', null, 200, {
        data: {
          cas_required: true,
          delete_version_after: '1h0m0s',
          max_versions: 4,
          metadata_cas_required: true,
        },
      }),
      post('data/a', '{"data":{"x":1}}', 400, CAS_REQUIRED),
      post('metadata/a', '{"cas_required":false}', 400, METADATA_CAS_REQUIRED),
      post(
        'metadata/a',
        '{"cas_required":false,"metadata_cas_required":false,"metadata_cas":0}',
        200,
        {
          ...EMPTY_ENVELOPE,
          data: null,
          warnings: ['cas_required', 'metadata_cas_required'].map(
            (name) =>
              `"${name}" set to false, but is mandated by backend config. This value will be ignored.`,
          ),
        },
      ),
      patch(
        'metadata/a',
        '{"cas_required":false,"metadata_cas":1}',
        200,
        warned(
          '"cas_required" set to false, but is mandated by backend config. This value will be ignored.',
        ),
      ),
      post('config', '{"delete_version_after":"junk"}', 400),
      post('config', '{"max_versions":-1}', 400, undefined, OURS),
      post('config', '{"max_versions":0,"cas_required":false}', 204, null),
      get('config', null, 200, { data: { max_versions: 0, cas_required: false } }),
      remove('config', null, 405, UNSUPPORTED),
      patch('config', '{"max_versions":1}', 405, UNSUPPORTED),
    ],
  },
  {
    name: 'list and scan',
    mountVersion: '2',
    steps: [
      list('metadata', null, 404, NOT_FOUND),
      ...['l/a', 'l/b', 'l/b/c', 'l/b/d/e', 'l/%C3%A9%20x', 'l/z'].map((path) =>
        post(`data/${path}`, '{"data":{}}', 200, written(1)),
      ),
      list('metadata', null, 200, { ...EMPTY_ENVELOPE, data: { keys: ['l/'] } }),
      list('metadata/l', null, 200, { data: { keys: ['a', 'b', 'b/', 'z', 'é x'] } }),
      list('metadata/l/', null, 200, { data: { keys: ['a', 'b', 'b/', 'z', 'é x'] } }),
      list('metadata/l?limit=2', null, 200, { data: { keys: ['a', 'b'] } }),
      list('metadata/l?limit=-3', null, 200, { data: { keys: ['a', 'b', 'b/', 'z', 'é x'] } }),
      list('metadata/l?after=b', null, 200, { data: { keys: ['b/', 'z', 'é x'] } }),
      list('metadata/l?after=b/&limit=1', null, 200, { data: { keys: ['z'] } }),
      list('metadata/l?after=zz', null, 200, { data: { keys: ['é x'] } }),
      list('metadata/l?limit=x', null, 400),
      list('metadata/l/a', null, 404, NOT_FOUND),
      list('metadata/none', null, 404, NOT_FOUND),
      scan('metadata/l/b', null, 200, { data: { keys: ['c', 'd/e'] } }),
      scan(
        'metadata/l',
        null,
        200,
        { data: { keys: ['a', 'b', 'b/c', 'b/d/e', 'z', 'é x'] } },
        OURS,
      ),
      scan('metadata/l?after=b&limit=2', null, 200, { data: { keys: ['b/c', 'b/d/e'] } }, OURS),
      scan('metadata/none', null, 404, NOT_FOUND, OURS),
      list('detailed-metadata/l/b', null, 200, {
        ...EMPTY_ENVELOPE,
        data: {
          keys: ['c', 'd/'],
          key_info: { c: { current_version: 1, versions: { 1: { destroyed: false } } }, 'd/': {} },
        },
      }),
      scan('detailed-metadata/l/b', null, 200, {
        data: {
          keys: ['c', 'd/e'],
          key_info: { c: { current_version: 1 }, 'd/e': { current_version: 1 } },
        },
      }),
      list('detailed-metadata/none', null, 404, NOT_FOUND),
      remove('metadata/l/b', null, 204, null),
      list('metadata/l', null, 200, { data: { keys: ['a', 'b/', 'z', 'é x'] } }),
    ],
  },
]

/** A v1 value without a life of its own. */
const v1 = (data: unknown, lease_duration = 2764800) => ({
  ...EMPTY_ENVELOPE,
  lease_duration,
  data,
})

const v1Facts: readonly KvFact[] = [
  {
    name: 'v1: write, read, delete',
    mountVersion: '1',
    steps: [
      get('a', null, 404, NOT_FOUND),
      post('a', '{"x":1.0,"n":9007199254740993}', 204, null),
      get('a', null, 200, undefined, { expectText: '9007199254740993' }),
      put('a', '{"y":"z"}', 204, null),
      get('a', null, 200, v1({ y: 'z' })),
      post('a', '{}', 400, errors('missing data fields')),
      post('a', '[]', 400),
      post('a/', '{"x":1}', 400, errors("cannot write to a path ending in '/'")),
      patch('a', '{"x":1}', 405, UNSUPPORTED),
      remove('a', null, 204, null),
      remove('a', null, 204, null),
      get('a', null, 404, NOT_FOUND),
    ],
  },
  {
    name: 'v1: lease_duration from ttl and lease',
    mountVersion: '1',
    steps: (
      [
        ['{"ttl":"1h"}', 3600],
        ['{"lease":"30"}', 30],
        ['{"ttl":60,"lease":"1h"}', 60],
        ['{"ttl":"junk"}', 2764800],
        ['{"ttl":null,"lease":"1h"}', 0],
        ['{"ttl":""}', 0],
        ['{"ttl":{"a":1}}', 2764800],
        ['{"ttl":"-5s"}', -5],
        ['{"ttl":"2d"}', 172800],
        ['{"ttl":"1500ms"}', 1],
        ['{"ttl":1.5}', 2764800],
        ['{"ttl":true}', 2764800],
      ] as const
    ).flatMap(([body, seconds]) => [
      post('t', body, 204, null),
      get('t', null, 200, v1(JSON.parse(body), seconds)),
    ]),
  },
  {
    name: 'v1: list and scan',
    mountVersion: '1',
    steps: [
      list('', null, 404, NOT_FOUND),
      post('a', '{"x":1}', 204, null),
      post('d/e', '{"x":1}', 204, null),
      post('d/f/g', '{"x":1}', 204, null),
      list('', null, 200, { ...EMPTY_ENVELOPE, data: { keys: ['a', 'd/'] } }),
      list('d', null, 200, { data: { keys: ['e', 'f/'] } }),
      list('none', null, 404, NOT_FOUND),
      scan('', null, 200, { data: { keys: ['a', 'd/e', 'd/f/g'] } }),
      list('d?limit=1', null, 200, { data: { keys: ['e'] } }, OURS),
      list('d?after=e', null, 200, { data: { keys: ['f/'] } }, OURS),
    ],
  },
]

export const kvFacts: readonly KvFact[] = [
  ...dataFacts,
  ...metadataFacts,
  ...mountFacts,
  ...v1Facts,
]

const FORMS: Readonly<Record<string, RegExp>> = {
  '<time>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  '<any>': /./s,
}

/** Where the reply differs from what was expected, in words; null where it doesn't. */
export function differenceTo(expected: unknown, actual: unknown, at = 'body'): string | null {
  if (typeof expected === 'string' && FORMS[expected] && typeof actual === 'string')
    return FORMS[expected].test(actual) ? null : `${at} is ${JSON.stringify(actual)}`
  if (typeof expected !== 'object' || expected === null)
    return expected === actual
      ? null
      : `${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`
  if (typeof actual !== 'object' || actual === null) return `${at} is ${JSON.stringify(actual)}`
  if (Array.isArray(expected) !== Array.isArray(actual)) return `${at} is of another kind`
  if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length)
    return `${at} is ${JSON.stringify(actual)}`
  for (const [name, value] of Object.entries(expected)) {
    const found = differenceTo(value, (actual as Record<string, unknown>)[name], `${at}.${name}`)
    if (found) return found
  }
  return null
}
