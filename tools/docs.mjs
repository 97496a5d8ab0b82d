// `npm run docs`: writes docs/reference/api-*.md from the endpoint tables.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, root } from './ensure.mjs'

ensureInstalled()
const esbuild = await import('esbuild')
const bundle = join(root, 'node_modules/.cache-reference.mjs')
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['tools/reference.ts'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
})
const { referencePages } = await import(pathToFileURL(bundle).href)
for (const [name, text] of referencePages()) {
  writeFileSync(join(root, 'docs/reference', name), text)
  process.stdout.write(`docs/reference/${name}\n`)
}
rmSync(bundle)
