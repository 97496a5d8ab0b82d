// max_open_connections holds for a host: each of its processes opens its share of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseMount, startDatabaseMount } from '../support/database-mount.ts'
import { type RealPostgres, startPostgres } from '../support/real-postgres.ts'

let pg: RealPostgres
let mount: DatabaseMount

beforeAll(async () => {
  pg = await startPostgres()
  mount = await startDatabaseMount(pg, { settings: { processes: 4 } })
}, 60_000)
afterAll(async () => {
  await mount?.server.close()
  await pg?.remove()
})

/** The most sessions of ours that were seen while so many users were made at once. */
async function mostSessions(users: number): Promise<number> {
  let most = 0
  let isOver = false
  const watch = await pg.connect(pg.username, pg.password)
  const sessions = async (): Promise<number> => {
    const { rows } = await watch.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'strongroom'",
    )
    return rows.length
  }
  // The first use opens what the new settings mean; sessions of the former ones end beside it.
  await mount.creds('slow')
  while ((await sessions()) > 1) await new Promise((resolve) => setTimeout(resolve, 20))
  const watching = (async () => {
    while (!isOver) most = Math.max(most, await sessions())
  })()
  await Promise.all(Array.from({ length: users }, () => mount.creds('slow')))
  isOver = true
  await watching
  await watch.end()
  return most
}

describe('one of four processes', () => {
  it.each([
    [8, 2],
    [4, 1],
    [2, 1],
  ])('of %i connections opens %i', async (allowed, share) => {
    await mount.configure({ max_open_connections: allowed })
    const creation_statements = `SELECT pg_sleep(0.05); CREATE ROLE "{{name}}"`
    await mount.role('slow', { creation_statements })
    expect(await mostSessions(6)).toBe(share)
  })
})
