// `npm run bench`: builds what is missing, bundles bench/ and runs it. `-- --help` lists its options.
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root, run } from './ensure.mjs'

ensureInstalled()
if (!process.argv.includes('--no-own')) await ensureBuilt()
const esbuild = await import('esbuild')
// Workloads of their own: they need a real PostgreSQL or LMDB, packages with native parts.
const alone = {
  '--leases': 'leases-at-scale',
  '--database': 'database-credentials',
  '--rotations': 'rotations-at-scale',
  '--scanner-accuracy': 'scanner-accuracy',
  '--scanner': 'scanner-speed',
}
const flag = Object.keys(alone).find((one) => process.argv.includes(one))
const name = flag === undefined ? 'main' : alone[flag]
const bundle = join(root, '.cache', 'bench', `${name}.mjs`)
await esbuild.build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
  ...(flag ? { packages: 'external' } : undefined),
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
})
run(process.execPath, [bundle, ...process.argv.slice(2)])
