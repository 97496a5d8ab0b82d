// `npm run bench`: builds what is missing, bundles bench/ and runs it. `-- --help` lists its options.
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root, run } from './ensure.mjs'

ensureInstalled()
if (!process.argv.includes('--no-own')) await ensureBuilt()
const esbuild = await import('esbuild')
const bundle = join(root, '.cache', 'bench', 'main.mjs')
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['bench/main.ts'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
})
run(process.execPath, [bundle, ...process.argv.slice(2)])
