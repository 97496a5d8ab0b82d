// `npm run bench`: builds what is missing, bundles bench/ and runs it. `-- --help` lists its options.
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root, run } from './ensure.mjs'

ensureInstalled()
if (!process.argv.includes('--no-own')) await ensureBuilt()
const esbuild = await import('esbuild')
// The workloads of leases stand apart: they need a real PostgreSQL, and packages with native parts.
const isLeases = process.argv.includes('--leases')
const name = isLeases ? 'leases-at-scale' : 'main'
const bundle = join(root, '.cache', 'bench', `${name}.mjs`)
await esbuild.build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
  ...(isLeases ? { packages: 'external' } : undefined),
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
})
run(process.execPath, [bundle, ...process.argv.slice(2)])
