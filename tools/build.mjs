// Bundles src/ into dist/: the command, split so that each of its parts loads only what it uses, and
// `strongroom/database` for applications, with its types (`--types FOLDER`: only these, into that folder).
// `--after-install` is npm's call when it takes the package from a repository: nothing that is there is installed again,
// and nothing is built where the tools for it were left out.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, root } from './ensure.mjs'

export async function build() {
  ensureInstalled()
  await bundle()
}

async function bundle() {
  const esbuild = await import('esbuild')
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      strongroom: 'src/cli/main.ts',
      database: 'src/client/database.ts',
      'scan-worker': 'src/scan/match/detector-worker.ts',
    },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  })
  declareTypes()
}

/** The types of what applications import, made from the sources into a folder below the clone. */
function declareTypes(outDir = 'dist/types') {
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...['--project', 'tools/tsconfig-types.json', '--outDir', outDir],
    ],
    { cwd: root, stdio: 'inherit' },
  )
  if (status !== 0) throw new Error('the types of strongroom/database could not be made')
  // A declaration is found beside the name that the program would have.
  const folder = join(root, outDir)
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '\.[^']+)\.ts'/g, "$1.js'"))
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [option, folder] = process.argv.slice(2)
  if (option === '--types') declareTypes(folder)
  else if (option === '--after-install') {
    const has = (path) => existsSync(join(root, path))
    // npm -g takes a repository without anything that it needs to be built.
    if (!has('node_modules')) {
      process.env.npm_config_global = ''
      await build()
    } else if (has('node_modules/esbuild')) await bundle()
  } else await build()
}
