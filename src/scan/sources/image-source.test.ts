import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { collect, TestFolder } from '../../../test/support/scan-fixture.ts'
import { imageSource } from './image-source.ts'
import { DEFAULT_SETTINGS } from './source-settings.ts'

async function tarOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  const parts: Buffer[] = []
  for await (const part of tar) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const CONFIG = {
  config: {
    Env: ['PATH=/bin', 'TOKEN=in-env'],
    Labels: { build: 'in-label' },
    Cmd: ['app', '--key', 'in-cmd'],
  },
  history: [
    { created_by: '/bin/sh -c #(nop)  ENV TOKEN=in-env' },
    { created_by: 'RUN |2 A=in-arg B=two words /bin/sh -c make it # buildkit', comment: 'x' },
  ],
}

/** An OCI layout with a gzip and a zstd layer; the second removes what the first brought. */
async function layout(
  folder: TestFolder,
): Promise<{ layers: string[]; blobs: Record<string, Buffer> }> {
  const first = gzipSync(await tarOf({ 'app/.env': 'KEY=first', 'etc/x': 'x' }))
  writeFileSync(folder.at('second'), await tarOf({ 'app/.wh..env': '', b: 'second' }))
  execFileSync('zstd', ['-q', folder.at('second')])
  const second = execFileSync('cat', [folder.at('second.zst')])
  const config = Buffer.from(JSON.stringify(CONFIG))
  const manifest = Buffer.from(
    JSON.stringify({
      config: { digest: `sha256:${sha(config)}` },
      layers: [first, second].map((layer) => ({ digest: `sha256:${sha(layer)}` })),
    }),
  )
  const index = Buffer.from(JSON.stringify({ manifests: [{ digest: `sha256:${sha(manifest)}` }] }))
  const blobs: Record<string, Buffer> = { 'index.json': index }
  for (const blob of [first, second, config, manifest]) blobs[`blobs/sha256/${sha(blob)}`] = blob
  return { layers: [sha(first), sha(second)], blobs }
}

const EXPECTED_CONFIG = {
  'config.json#Env': 'PATH=/bin\nTOKEN=in-env\n',
  'config.json#Labels': 'build=in-label\n',
  'config.json#Command': 'CMD app --key in-cmd\n',
  'config.json#History': 'ENV TOKEN=in-env\nARG A=in-arg\nARG B=two words\nRUN make it\n# x\n',
}

const under = (root: string, texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).map(([path, text]) => [path.slice(root.length + 1), text]),
  )

describe('an image', () => {
  it.each(['directory', 'tar'])('in OCI form is read layer by layer: %s', async (form) => {
    using folder = new TestFolder()
    const { layers, blobs } = await layout(folder)
    const at = folder.at('image')
    if (form === 'tar') writeFileSync(at, await tarOf(blobs))
    else for (const [name, bytes] of Object.entries(blobs)) folder.write(`image/${name}`, bytes)
    const { texts, skipped, fragments } = await collect(imageSource(at, DEFAULT_SETTINGS))
    expect(under(at, texts)).toEqual({
      ...EXPECTED_CONFIG,
      [`sha256:${layers[0]}!app/.env`]: 'KEY=first',
      [`sha256:${layers[0]}!etc/x`]: 'x',
      [`sha256:${layers[1]}!b`]: 'second',
    })
    expect(skipped).toEqual([])
    expect(new Set(fragments.map((one) => one.kind))).toEqual(new Set(['image']))
  })

  it('of an old docker save is read, and a layer that is not there said', async () => {
    using folder = new TestFolder()
    const layer = await tarOf({ a: 'in a layer' })
    const manifest = [{ Config: 'c.json', Layers: ['abc/layer.tar', 'def/layer.tar'] }]
    const image = await tarOf({
      'c.json': JSON.stringify(CONFIG),
      'abc/layer.tar': layer,
      'manifest.json': JSON.stringify(manifest),
    })
    writeFileSync(folder.at('saved.tar'), image)
    const root = folder.at('saved.tar')
    const { texts, skipped } = await collect(imageSource(root, DEFAULT_SETTINGS))
    expect(under(root, texts)).toEqual({ ...EXPECTED_CONFIG, 'sha256:abc!a': 'in a layer' })
    expect(skipped).toMatchObject([{ what: `${root}!sha256:def`, makesPartial: true }])
  })

  it('that is none is an error in words', async () => {
    using folder = new TestFolder()
    folder.write('not.tar', 'text'.repeat(500))
    folder.write('packed.tgz', gzipSync(Buffer.alloc(2000, 'x')).subarray(0))
    const scan = (name: string) => collect(imageSource(folder.at(name), DEFAULT_SETTINGS))
    await expect(scan('not.tar')).rejects.toThrow(/neither a directory nor a tar/)
    await expect(scan('.')).rejects.toThrow(/no image/)
    folder.write('bad/index.json', '{"manifests":[{"digest":"sha256:../../etc/passwd"}]}')
    await expect(scan('bad')).rejects.toThrow(/no image/)
  })
})
