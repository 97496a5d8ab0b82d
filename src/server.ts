// The composition root: configuration -> objects -> listening. It alone sees every layer. One process
// serves by itself; with `workers` above 1 this process becomes their supervisor (server-workers.ts), and
// in a worker the same command ends up in `runWorker`.
import cluster from 'node:cluster'
import { rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Clock, systemClock } from './base/clock.ts'
import { type Random, systemRandom } from './base/random.ts'
import { localBus } from './core/host-keeper.ts'
import { adviceFor, apiAddress, STARTED, startBanner, typedCommand } from './server-banner.ts'
import { loadServerConfig, type ServerConfig } from './server-config.ts'
import { type DevOptions, devBanner, devConfig, prepareDev } from './server-dev.ts'
import { openServerLog, type ServerLog } from './server-log.ts'
import { type Serving, startServing } from './server-process.ts'
import { connectToSupervisor, Supervisor, workerTopics } from './server-workers.ts'

export interface ServerOptions {
  /** Files and folders of -config, in order. */
  readonly configPaths: readonly string[]
  /** null: a production server. */
  readonly dev: DevOptions | null
  /** Flags that win over the files: log_level, log_format, log_file. */
  readonly override: Partial<Pick<ServerConfig, 'logLevel' | 'logFormat' | 'logFile'>>
  /** The command's name, for advice on what to type: "strongroom". */
  readonly command: string
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** What a running server does when it is told to end or to read its files again. */
interface Running {
  reload(): Promise<void>
  stop(): Promise<void>
}

/** Runs a server until it is told to end; answers the exit code. */
export async function runServer(options: ServerOptions): Promise<number> {
  try {
    if (cluster.isWorker) return await runWorker(systemClock, systemRandom)
    return await run(options, systemClock, systemRandom)
  } catch (error) {
    options.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

async function run(options: ServerOptions, clock: Clock, random: Random): Promise<number> {
  const config = readConfig(options)
  checkConfig(config)
  const log = openServerLog(config)
  for (const warning of config.warnings) log.logs.of('').warn(warning)
  if (config.workers > availableParallelism()) {
    log.logs.of('').warn("more workers than cores: they only get in each other's way", {
      workers: config.workers,
      cores: availableParallelism(),
    })
  }
  const signals = awaitSignals()
  const parts = { options, config, log, clock, random }
  const running = config.workers > 1 ? await runSupervised(parts) : await runSingle(parts)
  if (config.pidFile) writeFileSync(config.pidFile, `${process.pid}\n`, { mode: 0o644 })
  signals.onReload = () => void running.reload()
  await signals.end
  options.stdout.write('==> Strongroom shutdown triggered\n')
  await running.stop()
  if (config.pidFile) rmSync(config.pidFile, { force: true })
  return 0
}

interface RunParts {
  readonly options: ServerOptions
  readonly config: ServerConfig
  readonly log: ServerLog
  readonly clock: Clock
  readonly random: Random
}

async function runSingle({ options, config, log, clock, random }: RunParts): Promise<Running> {
  const { logs } = log
  const { stdout, dev } = options
  const command = typedCommand(options.command)
  const bus = localBus({ clock, random, log: logs.of('') })
  const serving = await startServing({ config, bus, logs, clock, random })
  const addresses = serving.listeners.map((one) => one.address)
  try {
    stdout.write(startBanner(config, addresses))
    if (dev) {
      const ready = await prepareDev(serving.host, dev)
      stdout.write(devBanner(ready, apiAddress(config, addresses), command))
    } else stdout.write(adviceFor(await serving.host.seal.status(), command))
    stdout.write(STARTED)
  } catch (error) {
    await serving.close()
    throw error
  }
  return {
    reload: async () => {
      const next = rereadConfig(options, log)
      if (next) await reloadProcess(serving, log, next)
    },
    stop: () => serving.close(),
  }
}

async function runSupervised({ options, config, log, clock, random }: RunParts): Promise<Running> {
  const { stdout } = options
  const supervisor = new Supervisor({ config, clock, random, log: log.logs.of('') })
  const { addresses, advice } = await supervisor.start()
  stdout.write(startBanner(config, addresses))
  stdout.write(advice.replaceAll('{}', typedCommand(options.command)))
  stdout.write(STARTED)
  return {
    reload: async () => {
      const next = rereadConfig(options, log)
      if (!next) return
      reopenLog(log, next)
      await supervisor.reload(next)
    },
    stop: () => supervisor.stop(),
  }
}

/** A worker: serves until its supervisor ends it, or is gone. */
async function runWorker(clock: Clock, random: Random): Promise<number> {
  // A terminal sends Ctrl-C to the whole group; the supervisor decides what happens.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  const bus = connectToSupervisor(clock)
  let stop = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  process.on('SIGTERM', stop)
  let serving: Serving | null = null
  try {
    const config = await bus.ask(workerTopics.config, null)
    const log = openServerLog(config)
    serving = await startServing({ config, bus, logs: log.logs, clock, random })
    const running = serving
    bus.answer(workerTopics.reload, (next) => reloadProcess(running, log, next))
  } catch (error) {
    await bus.ask(workerTopics.failed, error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
  bus.answer(workerTopics.stop, stop)
  await bus.ask(workerTopics.ready, {
    addresses: serving.listeners.map((one) => one.address),
    advice: adviceFor(await serving.host.seal.status(), '{}'),
  })
  await stopped
  await serving.close()
  process.exit(0)
}

function readConfig({ configPaths, dev, override }: ServerOptions): ServerConfig {
  if (configPaths.length === 0 && !dev) {
    throw new Error(
      'no configuration: name a file with -config=FILE, or try -dev for a development server',
    )
  }
  const config = { ...loadServerConfig(configPaths), ...override }
  return dev ? devConfig(config, dev) : config
}

function checkConfig({ storage, listeners, workers, seals }: ServerConfig): void {
  if (!storage) {
    throw new Error('the configuration names no storage: add storage "lmdb" { path = "FOLDER" }')
  }
  if (listeners.length === 0) {
    throw new Error('the configuration names no listener: add listener "tcp" { … }')
  }
  if (storage.type === 'memory' && workers > 1) {
    throw new Error('storage "memory" belongs to one process: set workers = 1')
  }
  const seal = seals.find((one) => !one.disabled && one.type !== 'shamir')
  if (seal) throw new Error(`seal "${seal.type}" is not available; leave the block out`)
}

/** null, and a line in the log, where the files have become unusable: the server goes on as it is. */
function rereadConfig(options: ServerOptions, log: ServerLog): ServerConfig | null {
  log.logs.of('').info('reload requested')
  try {
    return readConfig(options)
  } catch (error) {
    log.logs.of('').error('the configuration was not reloaded', { err: error })
    return null
  }
}

function reopenLog(log: ServerLog, config: ServerConfig): void {
  try {
    log.reopen()
  } catch (error) {
    log.logs.of('').error('the log file was not opened again', { err: error })
  }
  log.logs.setLevel(config.logLevel)
}

async function reloadProcess(
  serving: Serving,
  log: ServerLog,
  config: ServerConfig,
): Promise<void> {
  reopenLog(log, config)
  await serving.reload()
}

/** Listens from the first moment on; a second signal to end ends at once. */
function awaitSignals(): { readonly end: Promise<void>; onReload: () => void } {
  let isEnding = false
  const signals = { end: Promise.resolve(), onReload: (): void => {} }
  signals.end = new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isEnding) process.exit(1)
        isEnding = true
        resolve()
      })
    }
  })
  process.on('SIGHUP', () => signals.onReload())
  return signals
}
