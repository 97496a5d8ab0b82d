// A container image on disk, without a container engine: an OCI layout directory or what `docker save` wrote (a tar
// of either kind). Every file of every layer is read, those that a later layer removes too, under
// `image!sha256:DIGEST!path`; of each configuration what a Dockerfile leaves behind is read as text: ENV, labels,
// commands of the history (ARG values stand there), entry point. Formats: OCI image spec 1.1, Docker image spec 1.2.
import { createReadStream } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SCAN_IMAGE_JSON_BYTES } from '../../base/limits.ts'
import type { Fragment } from '../fragment.ts'
import type { Source } from '../source.ts'
import { readTarStream } from './archive-reader.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { configFragments } from './image-config.ts'
import { ImageTar } from './image-tar.ts'
import { failureWords, pathBytes, type Reading, type SourceSettings } from './source-settings.ts'

/** Files of an image by their names, read as often as wanted. */
export interface ImageFiles {
  readonly names: ReadonlySet<string>
  open(name: string): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** A layer and what it is called in reports. */
interface Layer {
  readonly name: string
  readonly digest: string
}

interface Contents {
  readonly configs: readonly string[]
  readonly layers: readonly Layer[]
}

/** `path` is a directory or a tar. Whether it holds an image is only seen when it is read; then it is an error. */
export function imageSource(path: string, settings: SourceSettings): Source {
  return {
    async *fragments(notes, signal) {
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      const isDirectory = (await stat(path)).isDirectory()
      const files = isDirectory ? await layoutDirectory(path) : await ImageTar.open(path)
      try {
        const contents = await contentsOf(files, reading)
        yield* imageFragments(reading, pathBytes(path), files, contents)
        yield* reading.batcher.take(true)
      } finally {
        await files.close()
      }
    },
  }
}

async function* imageFragments(
  reading: Reading,
  image: string,
  files: ImageFiles,
  contents: Contents,
): AsyncGenerator<readonly Fragment[]> {
  const { notes, batcher, signal } = reading
  for (const name of contents.configs) {
    try {
      configFragments(batcher, image, await readJson(files, name))
    } catch (error) {
      notes.skipped({ what: `${image}!${name}`, why: failureWords(error), makesPartial: true })
    }
  }
  let items = 0
  for (const layer of contents.layers) {
    if (signal.aborted) return
    const path = `${image}!${layer.digest}`
    if (!files.names.has(layer.name)) {
      notes.skipped({ what: path, why: 'the layer is not in the image', makesPartial: true })
      continue
    }
    const origin = { path, symlink: '', commit: null, kind: 'image' as const }
    yield* readTarStream(reading, origin, files.open(layer.name), (inner) => ({
      ...origin,
      path: `${path}!${inner}`,
    }))
    yield* batcher.take()
    notes.progress({ bytes: batcher.bytes, items: ++items, total: contents.layers.length })
  }
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isObject) : []
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

async function readJson(files: ImageFiles, name: string): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of files.open(name)) {
    size += part.length
    if (size > SCAN_IMAGE_JSON_BYTES) throw new Error('larger than the description of any image')
    parts.push(part)
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

/** Throws Error when there is neither an index nor a manifest. */
async function contentsOf(files: ImageFiles, reading: Reading): Promise<Contents> {
  const configs = new Set<string>()
  const layers = new Map<string, Layer>()
  if (files.names.has('index.json')) await walkIndex(files, 'index.json', reading, configs, layers)
  // `docker save` writes both since 25.0; the manifest alone before. Names are of one kind per image.
  if (layers.size === 0 && files.names.has('manifest.json')) {
    for (const image of listOf(await readManifests(files))) {
      configs.add(textOf(image.Config))
      const names = Array.isArray(image.Layers) ? image.Layers.map(textOf) : []
      for (const name of names) layers.set(name, { name, digest: legacyDigest(name) })
    }
  }
  if (configs.size === 0 && layers.size === 0) {
    throw new Error('no image: neither index.json (OCI) nor manifest.json (docker save) names one')
  }
  return { configs: [...configs], layers: [...layers.values()] }
}

const readManifests = (files: ImageFiles): Promise<unknown> => readJson(files, 'manifest.json')

/** `DIGEST/layer.tar` of old archives, `blobs/sha256/DIGEST` of new ones. */
const legacyDigest = (name: string): string =>
  blobDigest(name) ?? `sha256:${name.replace(/\/layer\.tar$|\.tar$/, '')}`

const blobDigest = (name: string): string | null => {
  const found = /^blobs\/([\w+.-]+)\/([0-9a-f]+)$/.exec(name)
  return found === null ? null : `${found[1]}:${found[2]}`
}

/** Where a descriptor's content lies; null for a digest that is none. */
function blobName(descriptor: Json): string | null {
  const found = /^([a-z0-9+._-]+):([0-9a-f]{32,128})$/.exec(textOf(descriptor.digest))
  return found === null ? null : `blobs/${found[1]}/${found[2]}`
}

/** Indexes may hold indexes: several platforms, attestations. Each is read once. */
async function walkIndex(
  files: ImageFiles,
  root: string,
  reading: Reading,
  configs: Set<string>,
  layers: Map<string, Layer>,
): Promise<void> {
  const todo = [root]
  const seen = new Set<string>()
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    if (!files.names.has(name)) {
      const why = 'not in the image (another platform’s, or a partial copy)'
      reading.notes.skipped({ what: name, why, makesPartial: true })
      continue
    }
    const manifest = await readJson(files, name)
    if (!isObject(manifest)) continue
    for (const child of listOf(manifest.manifests)) {
      const blob = blobName(child)
      if (blob !== null) todo.push(blob)
    }
    const config = isObject(manifest.config) ? blobName(manifest.config) : null
    if (config !== null) configs.add(config)
    for (const layer of listOf(manifest.layers)) {
      const blob = blobName(layer)
      if (blob !== null) layers.set(blob, { name: blob, digest: textOf(layer.digest) })
    }
  }
}

/** An OCI layout: only what its own names say, no links. */
async function layoutDirectory(root: string): Promise<ImageFiles> {
  const names = new Set<string>()
  for (const name of ['index.json', 'manifest.json']) {
    const found = await lstat(join(root, name)).catch(() => null)
    if (found?.isFile()) names.add(name)
  }
  const blobs = join(root, 'blobs')
  for (const kind of await readdir(blobs).catch(() => [])) {
    for (const digest of await readdir(join(blobs, kind)).catch(() => [])) {
      const found = await lstat(join(blobs, kind, digest)).catch(() => null)
      if (found?.isFile()) names.add(`blobs/${kind}/${digest}`)
    }
  }
  return {
    names,
    open: (name) => createReadStream(join(root, name)),
    close: async () => {},
  }
}
