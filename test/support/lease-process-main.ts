// A process of its own on an LMDB store for tests of leases: unseals a host with the outside engine, whose
// world is a file that several processes append to ("made NAME", "gone NAME"), and works what is due until
// it is killed. Arguments: the store's folder, the unseal key, the file, the milliseconds of a revocation.
import { appendFileSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openLmdb } from '../../src/storage/lmdb/open-lmdb.ts'
import { inProcess, openTestHost } from './in-process.ts'
import { outsideEngine, World } from './outside-engine.ts'

const [path, key, file, revokeMs] = process.argv.slice(2) as [string, string, string, string]

const world = new World()
world.revokeMs = Number(revokeMs)
world.bound = 8
world.revoked.push = (name) => {
  appendFileSync(file, `gone ${name}\n`)
  return 0
}
const backend = openLmdb({ path, clock: systemClock, random: systemRandom })
const { host } = openTestHost({ backend, engines: [outsideEngine(world)] })
const server = inProcess(host, backend, [], '')
const opened = await server.call('POST', 'sys/unseal', { key }, { token: null })
process.send?.({ answer: opened.status })
// Work goes on in timers that keep no process alive.
setInterval(() => {}, 1000)
