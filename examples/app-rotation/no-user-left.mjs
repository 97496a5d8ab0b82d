// Ends with 0 where the database has no user that Strongroom made.
import pg from 'pg'

const client = new pg.Client({
  connectionString: `postgresql://postgres:postgres@127.0.0.1:${process.env.DB_PORT}/postgres`,
})
await client.connect()
const { rows } = await client.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'")
await client.end()
process.exitCode = rows.length === 0 ? 0 : 1
