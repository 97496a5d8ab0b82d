// A read that failed is tried again; one that succeeded is made once.
import { expect, it } from 'vitest'
import { keptRead } from './kept-read.ts'

it('forgets a read that failed or found nothing, and keeps one that succeeded', async () => {
  const kept = new Map<string, Promise<string | null>>()
  let reads = 0
  const read = (answer: () => Promise<string | null>) =>
    keptRead(kept, 'list', () => {
      reads++
      return answer()
    })
  const failing = () => read(() => Promise.reject(new Error('storage is down')))
  await expect(Promise.all([failing(), failing()])).rejects.toThrow('storage is down')
  expect(reads).toBe(1)
  expect(await read(async () => null)).toBeNull()
  expect(await read(async () => 'bytes')).toBe('bytes')
  expect(await read(async () => 'later')).toBe('bytes')
  expect(reads).toBe(3)
})
