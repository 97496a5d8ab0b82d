// The application of this story: 8 workers on a pool of `pg`, whose username and password change 50 times.
// It imports Strongroom as any application does that has it among its dependencies.
import pg from 'pg'
import { pgPool } from 'strongroom/database'

const QUERIES = 10_000
const CHANGES = 50
const WORKERS = 8

const users = new Set()
const pool = await pgPool(
  pg.Pool,
  { host: '127.0.0.1', port: Number(process.env.DB_PORT), database: 'postgres', max: WORKERS },
  {
    path: 'database/creds/app',
    token: { file: process.env.TOKEN_FILE },
    on: {
      rotated: ({ username, count }) => {
        users.add(username)
        if (count % 10 === 1) console.log(`credentials ${count}: ${username}`)
      },
      failed: ({ error, retryMs }) => console.log(`${error.message}; again in ${retryMs} ms`),
    },
  },
)

let asked = 0
let answered = 0
let failed = 0
let change = Promise.resolve()

async function work() {
  while (asked < QUERIES) {
    asked++
    if (asked % (QUERIES / CHANGES) === 0) change = change.then(() => pool.rotate())
    try {
      const { rows } = await pool.query('SELECT current_user AS name, $1::int + 1 AS sum', [asked])
      if (!users.has(rows[0].name)) throw new Error(`answered as ${rows[0].name}`)
      answered++
    } catch (error) {
      failed++
      console.error(error.message)
    }
  }
}

await Promise.all(Array.from({ length: WORKERS }, work))
await change
await pool.end()
console.log(`${answered} queries, ${users.size - 1} changes, ${failed} failed`)
process.exit(failed === 0 && answered === QUERIES && users.size - 1 === CHANGES ? 0 : 1)
