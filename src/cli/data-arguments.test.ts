// Data arguments in all their spellings; what fails must not print a value.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asQuery, asTexts, parseData } from './data-arguments.ts'
import { printExactJson } from './exact-json.ts'
import type { StandardInput } from './standard-input.ts'

const input = (text: string): StandardInput => ({
  readAll: async () => text,
  readHidden: async () => text,
})
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-'))
  writeFileSync(join(folder, 'value'), 'from file\n')
  writeFileSync(join(folder, 'data.json'), '{"n":9007199254740993,"b":"x"}')
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = async (args: string[], stdin = '') =>
  printExactJson(await parseData(args, input(stdin)))

describe('parseData', () => {
  it('reads pairs, files and standard input', async () => {
    expect(await read(['a=b=c', 'd=', `e=@${folder}/value`, 'f=\\@x'])).toBe(
      '{"a":"b=c","d":"","e":"from file\\n","f":"@x"}',
    )
    expect(await read(['a=-'], 'typed')).toBe('{"a":"typed"}')
  })

  it('reads whole objects and keeps their numbers', async () => {
    expect(await read([`@${folder}/data.json`, 'c=1'])).toBe(
      '{"b":"x","c":"1","n":9007199254740993}',
    )
    expect(await read(['-'], '{"a":1.0}')).toBe('{"a":1.0}')
  })

  it('makes a list of what is repeated', async () => {
    expect(await read(['a=1', 'a=2', 'a=3'])).toBe('{"a":["1","2","3"]}')
  })

  it('names the key of a bad pair, never its value', async () => {
    await expect(read(['nope'])).rejects.toThrow(
      'Failed to parse K=V data: invalid key/value pair "nope": format must be key=value',
    )
    const failed = read([`password=@${folder}/none`])
    await expect(failed).rejects.toThrow('invalid key/value pair "password": error reading file')
    await expect(read(['-'], '[1]')).rejects.toThrow('expected a JSON object')
    await expect(read(['-', 'a=-'], '{}')).rejects.toThrow('stdin already consumed')
  })

  it('turns data into texts and parameters', async () => {
    const data = await parseData(['a=1', 'a=2', '-'], input('{"b":true,"c":1.0,"d":null}'))
    expect([...asQuery(data)]).toEqual([
      ['a', ['1', '2']],
      ['b', ['1']],
      ['c', ['1.0']],
      ['d', ['']],
    ])
    expect(asTexts(data).get('b')).toBe('1')
  })
})
