// What a server costs, read from /proc: CPU seconds and memory of all its processes. A server is
// found by its root process or by the port it listens on, so that peers need no cooperation.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Cost {
  /** User and system time of every process of the tree since it started. */
  readonly cpuSeconds: number
  /** Memory that is the processes' own: not backed by a file, not shared with one. */
  readonly rssAnonBytes: number
  readonly rssBytes: number
}

/** The clock ticks of /proc/PID/stat: USER_HZ is 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100

/** The processes that hold a listening socket on the port, lowest id first. */
export function listenersOn(port: number): number[] {
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readText(table).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      const isListening = fields[3] === '0A'
      const boundPort = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
      if (isListening && boundPort === port) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  return processIds().filter((pid) => openSockets(pid).some((socket) => inodes.has(socket)))
}

/** The given processes and all that descend from them, as they are now. */
export function treeOf(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>()
  for (const pid of processIds()) {
    const parent = statOf(pid)?.parent
    if (parent === undefined) continue
    const siblings = children.get(parent)
    if (siblings) siblings.push(pid)
    else children.set(parent, [pid])
  }
  const tree = new Set<number>()
  const visit = (pid: number): void => {
    if (tree.has(pid)) return
    tree.add(pid)
    for (const child of children.get(pid) ?? []) visit(child)
  }
  for (const root of roots) visit(root)
  return [...tree]
}

export function costOf(pids: readonly number[]): Cost {
  let ticks = 0
  let rssAnonBytes = 0
  let rssBytes = 0
  for (const pid of pids) {
    ticks += statOf(pid)?.ticks ?? 0
    const status = readText(`/proc/${pid}/status`)
    rssAnonBytes += kibibytes(status, 'RssAnon') * 1024
    rssBytes += kibibytes(status, 'VmRSS') * 1024
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssAnonBytes, rssBytes }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

function statOf(pid: number): { parent: number; ticks: number } | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === '') return null
  // The command's name stands in brackets and may hold spaces: count from the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
}

function openSockets(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).map((fd) => readlinkOrEmpty(`${folder}/${fd}`))
  } catch {
    return []
  }
}

function readlinkOrEmpty(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** A process may end between two reads; then it has no cost any more. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function kibibytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)
  return found ? Number(found[1]) : 0
}
