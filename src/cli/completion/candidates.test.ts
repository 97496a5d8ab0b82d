// What completion offers at each place of a line, without a server.
import { describe, expect, it } from 'vitest'
import { entriesFor } from '../command-table.ts'
import { candidates, type Sources, splitLine } from './candidates.ts'

const sources: Sources = {
  files: (partial) => [`file:${partial}`],
  remote: async (kind, partial, isKv) => [`${kind}:${partial}:${isKv}`],
}
const complete = (line: string) =>
  candidates(splitLine(line).slice(1), entriesFor('vault'), sources)

describe('candidates', () => {
  it('names commands and subcommands', async () => {
    expect(await complete('vault k')).toEqual(['kv'])
    expect(await complete('vault kv met')).toEqual(['metadata'])
    expect(await complete('vault kv metadata ')).toEqual(['delete', 'get', 'patch', 'put'])
    expect(await complete('vault nope ')).toEqual([])
  })

  it('names flags, but not the hidden ones', async () => {
    expect(await complete('vault kv get -fi')).toEqual(['-field'])
    expect(await complete('vault kv get -n')).toEqual(['-namespace', '-non-interactive'])
  })

  it('completes the values of flags', async () => {
    expect(await complete('vault kv get -format ')).toEqual(['table', 'json', 'yaml', 'raw'])
    expect(await complete('vault kv get -format=j')).toEqual(['-format=json'])
    expect(await complete('vault kv get -mount ')).toEqual(['mounts::true'])
    expect(await complete('vault token create -policy=d')).toEqual(['-policy=policies:d:false'])
    expect(await complete('vault read -ca-cert ')).toEqual(['file:'])
  })

  it('completes arguments, whatever flags stand before them', async () => {
    expect(await complete('vault kv get secret/a')).toEqual(['paths:secret/a:true'])
    expect(await complete('vault kv get -field x -format=json ')).toEqual(['paths::true'])
    expect(await complete('vault kv get a ')).toEqual([])
    expect(await complete('vault policy write x ')).toEqual(['file:'])
    expect(await complete('vault policy read d')).toEqual(['policies:d:false'])
    expect(await complete('vault write x ')).toEqual([])
  })
})

describe('splitLine', () => {
  it('follows quotes and ends with the word being typed', () => {
    expect(splitLine('vault kv get "a b" c')).toEqual(['vault', 'kv', 'get', 'a b', 'c'])
    expect(splitLine('vault a\\ b ')).toEqual(['vault', 'a b', ''])
    expect(splitLine("vault ''")).toEqual(['vault', ''])
    expect(splitLine('')).toEqual([''])
  })
})
