// One statement as one user: node sql.mjs HOST:PORT USER PASSWORD STATEMENT. Prints the first value.
import pg from 'pg'

const [place, user, password, statement] = process.argv.slice(2)
const [host, port] = place.split(':')
const database = process.env.DATABASE ?? 'postgres'
const client = new pg.Client({ host, port: Number(port), user, password, database })
try {
  await client.connect()
  const { rows } = await client.query(statement)
  if (rows.length > 0) console.log(String(Object.values(rows[0])[0]))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await client.end()
}
