// `npm run bench -- --database`: dynamic PostgreSQL users, from issue to revocation, against the bare statements
// on the same server at equal connections, with fsync on; peers take turns in the same run.
import { resolve } from 'node:path'
import type pg from 'pg'
import { type RealPostgres, startPostgres } from '../test/support/real-postgres.ts'
import { type ApiClient, apiClient, textIn } from './api-client.ts'
import { peerOption } from './options.ts'
import { makeOwnData, removeOwnData, startOwnServer } from './own-server.ts'
import { costOf, listenersOn, treeOf } from './process-tree.ts'
import { machineText, whole } from './report.ts'

const helpText = `npm run bench -- --database [options]
  --seconds N        length of one measurement     (5)
  --rounds N         measurements of each kind     (5)
  --connections N    connections to the database, and clients  (10)
  --peer ADDR TOKEN  another Vault-compatible server on this machine; repeatable
  --no-audit         our server without an audit device
`
const COMMAND = resolve('bin/strongroom')
const GRANT = 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO'
const CREATION =
  `CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; ` +
  `${GRANT} "{{name}}";`
const REVOCATION =
  'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{{name}}"; DROP ROLE IF EXISTS "{{name}}";'

interface Contender {
  readonly name: string
  /** Makes one user and ends it. */
  cycle(): Promise<void>
  /** CPU seconds so far; null where it is no process of its own. */
  cpuSeconds(): number | null
  close(): Promise<void>
}

interface Sample {
  readonly perSecond: number
  readonly perCpuSecond: number | null
}

function optionOf(flag: string, otherwise: number): number {
  const at = process.argv.indexOf(flag)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

async function untilDone(run: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await run()
      return
    } catch (error) {
      const { code } = error as { code?: string }
      if (code !== 'XX000' && code !== '40P01') throw error
    }
  }
}

/**
 * The statements themselves: each committed on its own, as a script runs them, or (`inTurns`) two transactions
 * of one round trip each that wait for one another instead of colliding.
 */
async function bareStatements(
  postgres: RealPostgres,
  connections: number,
  inTurns: boolean,
): Promise<Contender> {
  const idle: pg.Client[] = []
  for (let at = 0; at < connections; at++) {
    idle.push(await postgres.connect(postgres.username, postgres.password))
  }
  let made = 0
  return {
    name: inTurns ? 'bare statements, in turns' : 'bare statements',
    async cycle() {
      const client = idle.pop()!
      const name = `bare-${inTurns}-${made++}`
      const create = `CREATE ROLE "${name}" WITH LOGIN PASSWORD 'Zt7-qLw2hVx9Rk4sBn1Y' VALID UNTIL '2099-01-01'`
      const grant = `${GRANT} "${name}"`
      const revoke = `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "${name}"`
      const drop = `DROP ROLE "${name}"`
      if (inTurns) {
        const lock = 'SELECT pg_advisory_xact_lock(1)'
        await client.query(['BEGIN', lock, create, grant, 'COMMIT'].join(';'))
        await client.query(['BEGIN', lock, revoke, drop, 'COMMIT'].join(';'))
      } else {
        await client.query(create)
        // Changes of the same tables' grants collide; whoever runs them at once has to try again.
        await untilDone(() => client.query(grant))
        await untilDone(() => client.query(revoke))
        await client.query(drop)
      }
      idle.push(client)
    },
    cpuSeconds: () => null,
    close: async () => {
      for (const client of idle) await client.end()
    },
  }
}

/** A server with the engine mounted; users are ended by the same REVOKE and DROP as the bare ones. */
async function server(
  name: string,
  api: ApiClient,
  pids: readonly number[],
  of: { postgres: RealPostgres; connections: number; hasOwnRevocation: boolean },
): Promise<Contender> {
  const mount = `bench-${process.pid}${of.hasOwnRevocation ? '' : '-default'}`
  await api.call('POST', `sys/mounts/${mount}`, { type: 'database' })
  await api.call('POST', `${mount}/config/pg`, {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${of.postgres.port}/postgres?sslmode=disable`,
    username: of.postgres.username,
    password: of.postgres.password,
    allowed_roles: '*',
    max_open_connections: of.connections,
    max_idle_connections: of.connections,
  })
  await api.call('POST', `${mount}/roles/app`, {
    db_name: 'pg',
    creation_statements: CREATION,
    ...(of.hasOwnRevocation ? { revocation_statements: REVOCATION } : {}),
    ...{ default_ttl: '1h', max_ttl: '24h' },
  })
  const cost = (): number => costOf(treeOf(pids)).cpuSeconds
  return {
    name: of.hasOwnRevocation ? name : `${name}, default revocation`,
    async cycle() {
      const { body } = await api.call('GET', `${mount}/creds/app`)
      const lease_id = textIn(body, 'lease_id')
      await api.call('PUT', 'sys/leases/revoke', { lease_id, sync: true })
    },
    cpuSeconds: () => (pids.length > 0 ? cost() : null),
    close: async () => {
      await api.call('DELETE', `sys/mounts/${mount}`)
    },
  }
}

async function measure(one: Contender, clients: number, seconds: number): Promise<Sample> {
  const cpuBefore = one.cpuSeconds()
  const begun = performance.now()
  const until = begun + seconds * 1000
  let done = 0
  const work = async (): Promise<void> => {
    while (performance.now() < until) {
      await one.cycle()
      done++
    }
  }
  await Promise.all(Array.from({ length: clients }, work))
  const spent = (performance.now() - begun) / 1000
  const cpu = one.cpuSeconds()
  const cpuSpent = cpu === null || cpuBefore === null ? null : cpu - cpuBefore
  return { perSecond: done / spent, perCpuSecond: cpuSpent === null ? null : done / cpuSpent }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function main(): Promise<void> {
  const seconds = optionOf('--seconds', 5)
  const rounds = optionOf('--rounds', 5)
  const connections = optionOf('--connections', 10)
  const postgres = await startPostgres(['max_connections=100', 'shared_buffers=256MB'])
  const data = makeOwnData()
  try {
    for (let at = 0; at < 10; at++) await postgres.query(`CREATE TABLE t${at} (a int)`)
    const hasAudit = !process.argv.includes('--no-audit')
    const own = await startOwnServer(data, { command: COMMAND, workers: 1, hasAudit })
    try {
      const of = { postgres, connections, hasOwnRevocation: true }
      const api = apiClient(own.base, own.rootToken)
      const contenders = [
        await bareStatements(postgres, connections, true),
        await bareStatements(postgres, connections, false),
        await server('Strongroom', api, [own.pid], of),
        await server('Strongroom', api, [own.pid], { ...of, hasOwnRevocation: false }),
      ]
      for (const [at, flag] of process.argv.entries()) {
        if (flag !== '--peer') continue
        const { name, base, token } = peerOption(process.argv[at + 1]!, process.argv[at + 2]!)
        const pids = listenersOn(Number(new URL(base).port))
        contenders.push(await server(name, apiClient(base, token), pids, of))
      }
      await report(contenders, { seconds, rounds, connections })
    } finally {
      await own.stop()
    }
  } finally {
    removeOwnData(data)
    await postgres.remove()
  }
}

async function report(
  contenders: readonly Contender[],
  of: { seconds: number; rounds: number; connections: number },
): Promise<void> {
  const samples = contenders.map((): Sample[] => [])
  for (let round = 0; round <= of.rounds; round++) {
    for (const [at, one] of contenders.entries()) {
      const sample = await measure(one, of.connections, of.seconds)
      // The first round only warms up.
      if (round > 0) samples[at]!.push(sample)
      process.stderr.write(`${one.name.padEnd(40)} ${whole(sample.perSecond).padStart(8)}/s\n`)
    }
  }
  for (const one of contenders) await one.close()
  const rates = samples.map((all) => median(all.map(({ perSecond }) => perSecond)))
  process.stdout.write(
    `${machineText()}; ${of.connections} connections, fsync on, ${of.rounds} rounds\n\n`,
  )
  process.stdout.write(
    '| issue and revoke a PostgreSQL user | per second | time, bare = 1 | per CPU s of the server |\n',
  )
  process.stdout.write('|---|---:|---:|---:|\n')
  for (const [at, { name }] of contenders.entries()) {
    const rate = rates[at]!
    const cpu = samples[at]!.map(({ perCpuSecond }) => perCpuSecond)
    const perCpu = cpu.some((value) => value === null) ? '' : whole(median(cpu as number[]))
    const times = (rates[0]! / rate).toFixed(2)
    process.stdout.write(`| ${name} | ${whole(rate)} | ${times} | ${perCpu} |\n`)
  }
}

if (process.argv.includes('--help')) process.stdout.write(helpText)
else await main()
