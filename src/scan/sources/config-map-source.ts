// ConfigMaps as `kubectl get configmaps -A -o json` (or yaml) lists them, or live from a cluster, page by page. Each
// key is a fragment of its own under `configmap/NAMESPACE/NAME/KEY`; binary data is decoded. Secrets in such a list
// are left out: there they belong. API: Kubernetes core/v1, ConfigMap.
import { isMap, isScalar, parseAllDocuments } from 'yaml'
import { SCAN_CONFIG_MAP_BYTES } from '../../base/limits.ts'
import type { Source, SourceNotes } from '../source.ts'
import { FragmentBatcher } from './fragment-batcher.ts'
import { failureWords, pathBytes, type Reading, type SourceSettings } from './source-settings.ts'
import { TextChunker } from './text-chunker.ts'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** kubectl writes this copy of the whole object itself. */
const OWN_COPY = 'kubectl.kubernetes.io/last-applied-configuration'

/** A list as text. What is no ConfigMap is left out and said. */
export function configMapListSource(
  input: AsyncIterable<Uint8Array>,
  settings: SourceSettings,
): Source {
  return configMapSource(settings, async function* (notes) {
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of input) {
      size += part.length
      if (size > SCAN_CONFIG_MAP_BYTES) {
        throw new Error(
          `a list of more than ${SCAN_CONFIG_MAP_BYTES / 2 ** 20} MiB: list by namespace`,
        )
      }
      parts.push(part)
    }
    yield* objectsOf(Buffer.concat(parts).toString('utf8'), notes)
  })
}

/** Objects from anywhere, each as the API shows it. */
export function configMapSource(
  settings: SourceSettings,
  objects: (notes: SourceNotes, signal: AbortSignal) => AsyncIterable<unknown>,
): Source {
  return {
    async *fragments(notes, signal) {
      const reading: Reading = { settings, notes, signal, batcher: new FragmentBatcher() }
      let items = 0
      for await (const object of objects(notes, signal)) {
        if (signal.aborted) return
        addConfigMap(reading, object)
        notes.progress({ bytes: reading.batcher.bytes, items: ++items })
        yield* reading.batcher.take()
      }
      yield* reading.batcher.take(true)
    },
  }
}

function* objectsOf(text: string, notes: SourceNotes): Generator<unknown> {
  for (const document of documentsOf(text, notes)) {
    if (isObject(document) && Array.isArray(document.items)) yield* document.items
    else if (document !== null && document !== undefined) yield document
  }
}

function documentsOf(text: string, notes: SourceNotes): unknown[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return [JSON.parse(text)]
    } catch (error) {
      throw new Error(`no list of ConfigMaps: ${failureWords(error)}`)
    }
  }
  const documents = parseAllDocuments(text, { uniqueKeys: false })
  if (!Array.isArray(documents)) return []
  return documents.map((document, index) => {
    const hasContent = isMap(document.contents) || isScalar(document.contents)
    if (document.errors.length === 0 && hasContent) return document.toJS({ maxAliasCount: 100 })
    const why = document.errors[0]?.message.split('\n')[0] ?? 'no object'
    notes.skipped({ what: `document ${index + 1}`, why, makesPartial: true })
    return null
  })
}

function addConfigMap(reading: Reading, object: unknown): void {
  const { notes } = reading
  if (!isObject(object)) return
  const metadata = isObject(object.metadata) ? object.metadata : {}
  const name = `${String(metadata.namespace ?? 'default')}/${String(metadata.name ?? '')}`
  // Items of a typed list may leave their kind out.
  if (object.kind !== undefined && object.kind !== 'ConfigMap') {
    const what = `${String(object.kind)} ${name}`
    notes.skipped({ what, why: 'no ConfigMap', makesPartial: false })
    return
  }
  const add = (part: string, bytes: Buffer): void => {
    const path = pathBytes(`configmap/${name}${part}`)
    if (reading.settings.skipPath(path)) return
    const chunker = new TextChunker(reading, {
      path,
      symlink: '',
      commit: null,
      kind: 'kubernetes',
    })
    chunker.push(bytes)
    chunker.end()
  }
  for (const [key, value] of Object.entries(isObject(object.data) ? object.data : {})) {
    add(`/${key}`, Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')))
  }
  for (const [key, value] of Object.entries(isObject(object.binaryData) ? object.binaryData : {})) {
    if (typeof value === 'string') add(`/${key}`, Buffer.from(value, 'base64'))
  }
  for (const key of ['annotations', 'labels'] as const) {
    const pairs = Object.entries(isObject(metadata[key]) ? metadata[key] : {})
    const lines = pairs
      .filter(([one]) => one !== OWN_COPY)
      .map(([one, text]) => `${one}: ${text}\n`)
    if (lines.length > 0) add(`#${key}`, Buffer.from(lines.join('')))
  }
}
