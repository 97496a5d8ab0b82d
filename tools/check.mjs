// `npm run check`: types, lint and format, layers and tidiness. Under 20 seconds.
import { ensureInstalled, run } from './ensure.mjs'

ensureInstalled()
run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json'])
run('npx', ['--no-install', 'biome', 'check', '--diagnostic-level=warn', '.'])
run(process.execPath, ['tools/tidy.mjs'])
