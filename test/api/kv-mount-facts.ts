// Facts about config, listing (KV v2) and all of KV v1; see kv-facts.ts.
import {
  CAS_REQUIRED,
  EMPTY_ENVELOPE,
  errors,
  get,
  type KvFact,
  list,
  METADATA_CAS_REQUIRED,
  NOT_FOUND,
  OURS,
  patch,
  post,
  put,
  remove,
  scan,
  UNSUPPORTED,
  warned,
  written,
} from './kv-fact.ts'

export const mountFacts: readonly KvFact[] = [
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

export const v1Facts: readonly KvFact[] = [
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
