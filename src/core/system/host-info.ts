// What sys/host-info tells of the machine, in the shape that Vault's clients know. It is read from the
// operating system when asked for; what this system doesn't tell is left out or 0.
import { readFileSync, statfsSync } from 'node:fs'
import { arch, cpus, freemem, hostname, platform, release, totalmem, uptime } from 'node:os'
import type { Data } from '../../sdk/answer.ts'

export function hostInfo(nowMs: number): Data {
  const cores = cpus()
  return {
    timestamp: new Date(nowMs).toISOString(),
    cpu: cores.map(({ model, speed }, index) => ({
      cpu: index,
      modelName: model,
      mhz: speed,
      cores: 1,
    })),
    cpu_times: cores.map(({ times }, index) => ({
      cpu: `cpu${index}`,
      user: times.user / 1000,
      system: times.sys / 1000,
      idle: times.idle / 1000,
      nice: times.nice / 1000,
      irq: times.irq / 1000,
    })),
    disk: disks(),
    host: {
      hostname: hostname(),
      uptime: Math.floor(uptime()),
      bootTime: Math.floor(nowMs / 1000 - uptime()),
      os: platform(),
      ...distribution(),
      kernelVersion: release(),
      kernelArch: arch() === 'x64' ? 'x86_64' : arch(),
    },
    memory: memory(),
  }
}

function disks(): Data[] {
  try {
    const { bsize, blocks, bavail, bfree, files, ffree } = statfsSync('/')
    const used = (blocks - bfree) * bsize
    return [
      {
        path: '/',
        total: blocks * bsize,
        free: bavail * bsize,
        used,
        usedPercent: percent(used, used + bavail * bsize),
        inodesTotal: files,
        inodesUsed: files - ffree,
        inodesFree: ffree,
        inodesUsedPercent: percent(files - ffree, files),
      },
    ]
  } catch {
    return []
  }
}

/** The fields of /proc/meminfo under the names that clients know. */
const MEMORY_FIELDS: Readonly<Record<string, string>> = {
  available: 'MemAvailable',
  active: 'Active',
  inactive: 'Inactive',
  buffers: 'Buffers',
  cached: 'Cached',
  dirty: 'Dirty',
  mapped: 'Mapped',
  shared: 'Shmem',
  slab: 'Slab',
  swapcached: 'SwapCached',
  swaptotal: 'SwapTotal',
  swapfree: 'SwapFree',
}

function memory(): Data {
  const total = totalmem()
  const fields = memoryFields()
  const available = fields.available ?? freemem()
  const used = total - available
  return { total, available, used, usedPercent: percent(used, total), free: freemem(), ...fields }
}

function memoryFields(): Record<string, number> {
  const text = textOf('/proc/meminfo')
  const fields: Record<string, number> = {}
  for (const [name, key] of Object.entries(MEMORY_FIELDS)) {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)
    if (found) fields[name] = Number(found[1]) * 1024
  }
  return fields
}

function distribution(): Data {
  const text = textOf('/etc/os-release')
  const field = (name: string): string =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return { platform: field('ID'), platformVersion: field('VERSION_ID') }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (part / whole) * 100)
