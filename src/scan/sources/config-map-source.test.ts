import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, TestFolder } from '../../../test/support/scan-fixture.ts'
import { configMapListSource } from './config-map-source.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { liveConfigMapSource } from './live-config-maps.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

const settings = DEFAULT_SETTINGS
const configMap = (name: string, data: Record<string, string>, rest: object = {}) => ({
  kind: 'ConfigMap',
  metadata: { namespace: 'shop', name },
  data,
  ...rest,
})

async function* textOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}

describe('a list of ConfigMaps', () => {
  const list = {
    kind: 'List',
    items: [
      configMap('a', { 'app.env': 'KEY=value\n', other: 'x' }),
      configMap('b', {}, { binaryData: { bin: Buffer.from('binary').toString('base64') } }),
      { kind: 'Secret', metadata: { name: 's', namespace: 'shop' }, data: { p: 'eA==' } },
      { ...configMap('c', {}), metadata: { name: 'c', annotations: { note: 'said' } } },
      7,
    ],
  }
  const expected = {
    'configmap/shop/a/app.env': 'KEY=value\n',
    'configmap/shop/a/other': 'x',
    'configmap/shop/b/bin': 'binary',
    'configmap/default/c#annotations': 'note: said\n',
  }

  it('is read key by key, in JSON', async () => {
    const source = configMapListSource(textOf(JSON.stringify(list)), settings)
    const { texts, skipped } = await collect(source)
    expect(texts).toEqual(expected)
    expect(skipped).toEqual([{ what: 'Secret shop/s', why: 'no ConfigMap', makesPartial: false }])
  })

  it('is read in YAML, document by document, broken ones said', async () => {
    const text = `kind: ConfigMap
metadata: {name: a, namespace: shop}
data:
  k: "v"
---
kind: [
---
kind: ConfigMap
metadata: {name: z}
data: {k: 1}
`
    const { texts, skipped } = await collect(configMapListSource(textOf(text), settings))
    expect(texts).toEqual({ 'configmap/shop/a/k': 'v', 'configmap/default/z/k': '1' })
    expect(skipped.filter((note) => note.makesPartial)).toHaveLength(1)
    await expect(collect(configMapListSource(textOf('{"a'), settings))).rejects.toThrow(/no list/)
  })
})

describe('a running cluster', () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`)
    const isNext = request.url!.includes('continue=more')
    if (request.url!.includes('/denied/')) {
      response.statusCode = 403
      response.end('{"kind":"Status","message":"configmaps is forbidden"}')
    } else {
      const name = isNext ? 'second' : 'first'
      const metadata = isNext ? {} : { continue: 'more' }
      response.end(JSON.stringify({ metadata, items: [configMap(name, { k: name })] }))
    }
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve())))
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

  const kubeconfig = (): string => `
current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:${(server.address() as AddressInfo).port}/base"}}]
users: [{name: u, user: {tokenFile: token}}, {name: e, user: {exec: {command: touch}}}]
`

  it('is read page by page with what a kubeconfig says', async () => {
    using folder = new TestFolder()
    folder.write('token', 'abc\n')
    const file = folder.write('config', kubeconfig())
    const access = () => readKubeconfig('', '', { KUBECONFIG: file })
    const { texts } = await collect(liveConfigMapSource(access, '', settings))
    expect(texts).toEqual({
      'configmap/shop/first/k': 'first',
      'configmap/shop/second/k': 'second',
    })
    expect(asked).toEqual([
      '/base/api/v1/configmaps?limit=250 Bearer abc',
      '/base/api/v1/configmaps?limit=250&continue=more Bearer abc',
    ])
    const denied = collect(liveConfigMapSource(access, 'denied', settings))
    await expect(denied).rejects.toThrow('the cluster answered 403: configmaps is forbidden')
  })

  it('is not asked with a token from a command, nor with a file that is no kubeconfig', async () => {
    using folder = new TestFolder()
    const file = folder.write('config', kubeconfig().replace('user: u}', 'user: e}'))
    await expect(readKubeconfig(file, '', {})).rejects.toThrow(/command, which is not run/)
    await expect(readKubeconfig(file, 'other', {})).rejects.toThrow(/no context "other"/)
    await expect(readKubeconfig(folder.write('x', 'a: ['), '', {})).rejects.toThrow(/not YAML/)
  })
})
