import { expect, it } from 'vitest'
import { manualClock } from '../../../test/support/manual-clock.ts'
import { memoryCoreStorage } from '../../../test/support/memory-core-storage.ts'
import { BackgroundPace, pacedStorage } from './background-pace.ts'

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function paced() {
  const clock = manualClock()
  const requests = { begun: 0 }
  const pace = new BackgroundPace({ clock, requestsBegun: () => requests.begun })
  return { clock, requests, pace }
}

it('has at most one full batch under way, in the order of the calls, also when some fail', async () => {
  const { pace } = paced()
  let underWay = 0
  let most = 0
  let beside = 0
  const order: number[] = []
  const runs = Array.from({ length: 80 }, (_, at) => {
    const writes = at % 4 === 0 ? 100 : 5 + (at % 30)
    return pace.commit(async () => {
      order.push(at)
      underWay += writes
      if (underWay > writes) beside++
      most = Math.max(most, underWay)
      await turns()
      underWay -= writes
      if (at % 9 === 0) throw new Error('disk')
    }, writes)
  })
  const results = await Promise.allSettled(runs)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(9)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(most).toBe(100)
  expect(beside).toBeGreaterThan(0)
})

it('rests as long as a commit took while requests come, and not at all while none do', async () => {
  const { clock, requests, pace } = paced()
  const begun: string[] = []
  const commit = (name: string): Promise<void> =>
    pace.commit(async () => {
      begun.push(name)
      clock.advance(10)
    })
  await Promise.all([commit('a'), commit('b'), commit('c')])
  expect(begun).toEqual(['a', 'b', 'c'])
  requests.begun++
  const all = Promise.all([commit('d'), commit('e')])
  await turns()
  expect(begun.at(-1)).toBe('d')
  clock.advance(9)
  await turns()
  expect(begun.at(-1)).toBe('d')
  clock.advance(1)
  await all
  expect(begun.at(-1)).toBe('e')
})

it('begins calls to the outside apart from one another while requests come', async () => {
  const { clock, requests, pace } = paced()
  const begin = (): number => {
    const wait = pace.startsInMs
    if (wait === 0) pace.started()
    return wait
  }
  expect([begin(), begin(), begin()]).toEqual([0, 0, 0])
  requests.begun++
  clock.advance(10)
  let begun = 0
  for (let ms = 0; ms < 1000; ms++) {
    requests.begun++
    if (begin() === 0) begun++
    clock.advance(1)
  }
  expect(begun).toBeGreaterThan(200)
  expect(begun).toBeLessThan(401)
  // The event loop comes late to each timer: fewer are begun, but never so few that leases pile up.
  for (let late = 0; late < 50; late++) {
    pace.later(1, () => {})
    clock.advance(20)
  }
  requests.begun++
  while (begin() === 0) {}
  clock.advance(pace.startsInMs)
  pace.started()
  expect(pace.startsInMs).toBe(4)
  clock.advance(251)
  expect(begin()).toBe(0)
})

it('makes up for late timers, but saves nothing up while nobody waits', () => {
  const { clock, requests, pace } = paced()
  const begun = (): number => {
    requests.begun++
    let count = 0
    for (; pace.startsInMs === 0; count++) pace.started()
    return count
  }
  expect(begun()).toBe(1)
  // The timer of whoever waits fires 20 ms later, at 2.5 ms a place.
  clock.advance(20)
  expect(begun()).toBe(8)
  clock.advance(200)
  expect(begun()).toBeLessThanOrEqual(21)
  const idle = paced()
  idle.requests.begun++
  expect(idle.pace.startsInMs).toBe(0)
  idle.pace.started()
  idle.clock.advance(200)
  expect(idle.pace.startsInMs).toBe(0)
  idle.pace.started()
  expect(idle.pace.startsInMs).toBeGreaterThan(0)
})

it('lets all go on when it is closed', async () => {
  const { clock, requests, pace } = paced()
  requests.begun++
  let done = 0
  const commits = Array.from({ length: 5 }, () =>
    pace.commit(async () => {
      clock.advance(5)
      done++
    }),
  )
  await turns()
  expect(done).toBe(1)
  pace.close()
  await Promise.all(commits)
  expect(done).toBe(5)
})

it('gives storage whose commits take turns', async () => {
  const { pace } = paced()
  const storage = memoryCoreStorage()
  const background = pacedStorage(storage, pace)
  await Promise.all([
    background.put('a', '1'),
    background.put('b', '2'),
    background.transaction(async (tx) => tx.put('c', '3')),
    background.delete('a'),
  ])
  expect(await storage.range('')).toEqual(['b', 'c'])
  expect(await background.range('', { after: 'b' })).toEqual(['c'])
})
