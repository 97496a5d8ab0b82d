// The types of `strongroom/database` as an application in TypeScript meets them: a small project that has the
// package installed, compiled strictly with each of the ways in which modules are looked up, against the
// types of the real drivers.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Within the clone, so that the drivers are found above it. */
const project = join(root, `.cache/application-types-${process.pid}`)

const PROGRAM = `
import { Redis } from 'ioredis'
import mysql from 'mysql2/promise'
import pg from 'pg'
import {
  mysqlPool,
  pgPool,
  redisClient,
  type RotationOptions,
  ServerRefusal,
  ServerUnavailable,
} from 'strongroom/database'

const options: RotationOptions = {
  path: 'database/creds/shop',
  token: { file: '/run/token' },
  on: {
    rotated: ({ username, endsAt, count }) => console.log(username, endsAt.toISOString(), count + 1),
    failed: ({ error, retryMs }) => console.log(error.message, retryMs.toFixed()),
  },
}

const pool = await pgPool(pg.Pool, { host: 'db', database: 'shop', max: 10 }, options)
const { rows } = await pool.query<{ id: number }>('SELECT id FROM orders WHERE id = $1', [7])
const id: number | undefined = rows[0]?.id
const client = await pool.connect()
const counted: number | null = (await client.query('BEGIN')).rowCount
client.release()
await pool.rotate()

const my = await mysqlPool(mysql.createPool, { host: 'db', connectionLimit: 5 }, options)
const [found] = await my.query<mysql.RowDataPacket[]>('SELECT 1 AS one')
const one: unknown = found[0]?.one
const [done] = await my.execute<mysql.ResultSetHeader>('DELETE FROM t WHERE id = ?', [1])
const connection = await my.getConnection()
await connection.beginTransaction()
connection.release()
await my.end()

const redis = await redisClient(Redis, { host: 'cache', port: 6379 }, options)
const text: string | null = await redis.get('app:n')
await redis.multi().incr('app:n').exec()
const used: number = await redis.use(async (own) => own.publish('channel', 'text'))
const who: string = redis.username

try {
  await pool.end()
} catch (error) {
  if (error instanceof ServerRefusal) console.log(error.status + 1)
  if (error instanceof ServerUnavailable) console.log(error.message)
}
console.log(id, counted, one, done.affectedRows, text, used, who)

// @ts-expect-error: the path is needed
await pgPool(pg.Pool, {}, {})
// @ts-expect-error: a driver's pool has no such option
await pgPool(pg.Pool, { hots: 'db' }, options)
// @ts-expect-error: subscriptions belong to one connection
await redis.subscribe('channel')
// @ts-expect-error: it is not the class of a pool
await pgPool(pg.Client, {}, options)
`

/** What the compiler says, of the program and of our types; what drivers and Node say of their own is theirs. */
function compile(name: string, settings: object): string[] {
  const folder = join(project, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'main.ts'), PROGRAM)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        ...{ target: 'es2022', types: ['node'], noEmit: true, skipLibCheck: false },
        ...settings,
      },
      files: ['main.ts'],
    }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '--project', folder, '--pretty', 'false']
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const isTheirs = (line: string): boolean =>
    /^\s/.test(line) || /node_modules\/(?!strongroom\/)/.test(line)
  return (stdout + stderr).split('\n').filter((line) => line !== '' && !isTheirs(line))
}

beforeAll(() => {
  const installed = join(project, 'node_modules/strongroom')
  mkdirSync(installed, { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  const types = relative(root, join(installed, 'dist/types'))
  const { status } = spawnSync(process.execPath, ['tools/build.mjs', '--types', types], {
    cwd: root,
  })
  expect(status).toBe(0)
}, 60_000)
afterAll(() => rmSync(project, { recursive: true, force: true }))

describe('the types of strongroom/database', () => {
  it.each([
    ['NodeNext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
    ['verbatim', { module: 'nodenext', verbatimModuleSyntax: true, isolatedModules: true }],
  ])(
    'fit a strict program: %s',
    (name, settings) => {
      expect(compile(name, settings)).toEqual([])
    },
    60_000,
  )
})
