// `npm start`: installs and builds what is missing, then runs a development server whose data lies in
// .strongroom and survives a restart. With --watch (`npm run dev`) it restarts on each change.
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root } from './ensure.mjs'

const rest = process.argv.slice(2).filter((argument) => argument !== '--watch')
const isWatching = process.argv.includes('--watch')
/** Editors write a file in several steps: a change counts once it has been quiet for so long. */
const QUIET_MS = 150

ensureInstalled()
await ensureBuilt()
let server = startServer()
if (isWatching) restartOnChange()

// The terminal sends Ctrl-C to the server too; this process waits for it to end in order.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => server?.kill('SIGTERM'))

function startServer() {
  const command = [join(root, 'bin/strongroom'), 'server', '-dev', '-dev-data-dir=.strongroom']
  const child = spawn(process.execPath, [...command, ...rest], { cwd: root, stdio: 'inherit' })
  child.on('exit', (code, signal) => {
    if (child !== server) return
    // While watching, a server that fails waits for the change that mends it.
    const isFailed = code !== 0 && signal === null
    if (isWatching && isFailed) process.stderr.write('The server ended; waiting for a change…\n')
    else process.exit(code ?? 0)
  })
  return child
}

function restartOnChange() {
  let timer
  watch(join(root, 'src'), { recursive: true }, (_event, file) => {
    if (file?.endsWith('.test.ts')) return
    clearTimeout(timer)
    timer = setTimeout(restart, QUIET_MS)
  })
}

let restarting = Promise.resolve()
function restart() {
  restarting = restarting.then(rebuildAndStart, rebuildAndStart)
}

async function rebuildAndStart() {
  try {
    await ensureBuilt()
  } catch {
    // esbuild has printed what is wrong; the old server goes on.
    return
  }
  const old = server
  server = null
  await stopped(old)
  server = startServer()
}

function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGTERM')
  })
}
