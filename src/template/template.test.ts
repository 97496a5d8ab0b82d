// The interface of templates, and what keeps a hostile one harmless. Language and functions are compared with Go in
// test/live/template-oracle.test.ts.
import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { goStringMap, goStruct } from './go-values.ts'
import { sprigFunctions } from './sprig.ts'
import { parseTemplate, type TemplateOptions } from './template.ts'
import { TemplateError } from './template-error.ts'
import { functionTable, goFunction, plainFunction } from './template-functions.ts'

const BRACED = ['$', '{A}$A-$B'].join('')
const sprig = sprigFunctions({ timeZone: 'UTC' })

function render(text: string, data: unknown = {}, options: TemplateOptions = {}): string {
  return parseTemplate(text, { functions: sprig, ...options }).render(data)
}

describe('templates', () => {
  it('render data again and again', () => {
    const template = parseTemplate('{{range .names}}<{{.}}>{{end}}')
    expect(template.render({ names: ['a', 'é'] })).toBe('<a><é>')
    expect(template.render({ names: [] })).toBe('')
  })

  it('take every kind of data', () => {
    const data = {
      int: 5n,
      float: 5,
      bytes: Buffer.from([1, 255]),
      time: new Date(0),
      map: new Map([['k', 'v']]),
      none: undefined,
    }
    expect(
      render('{{printf "%T %T %T %T" .int .float .bytes .time}} {{.map.k}} {{.none}}', data),
    ).toBe('int float64 []uint8 time.Time v <no value>')
    expect(render('{{.time}} {{.bytes}} {{.int}}', data)).toBe(
      '1970-01-01 00:00:00 +0000 UTC [1 255] 5',
    )
  })

  it('know structs, whose unknown fields are errors', () => {
    const finding = goStruct('report.Finding', { File: 'a.txt', StartLine: 3n })
    expect(render('{{range .}}{{.File}}:{{.StartLine}}{{end}}', [finding])).toBe('a.txt:3')
    expect(() => render('{{.Nope}}', finding)).toThrow(
      "can't evaluate field Nope in type report.Finding",
    )
  })

  it('give bytes where a template decodes some', () => {
    const template = parseTemplate('{{b64dec .}}', { functions: sprig })
    expect(template.renderBytes('/v8A').toString('hex')).toBe('feff00')
  })

  it('take functions on plain data', () => {
    const functions = functionTable(sprig, {
      shout: plainFunction(
        'string, ...any',
        (text: string, ...more: unknown[]) => `${text.toUpperCase()}!${JSON.stringify(more)}`,
      ),
    })
    expect(render('{{shout "é" 1 (list 2.5 nil) .}}', { a: 'ß' }, { functions })).toBe(
      'É![1,[2.5,null],{"a":"ß"}]',
    )
  })

  it('say where the text is wrong, and in which name', () => {
    const refuse = () => parseTemplate('a\n{{.b', { name: 'agent.tpl' })
    expect(refuse).toThrow(TemplateError)
    expect(refuse).toThrow('template: agent.tpl:2: unclosed action')
  })

  it('find own properties only, and leave the data as it was', () => {
    const data = { dict: { a: 1 } }
    expect(
      render('{{.__proto__}}{{.dict.constructor}}{{.dict.a.b}}', JSON.parse('{"dict":{}}')),
    ).toBe('<no value><no value><no value>')
    render('{{$_ := set .dict "b" 2}}{{$_ := set .dict "__proto__" "x"}}', data)
    expect(data).toEqual({ dict: { a: 1 } })
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('hold a map of strings as such', () => {
    const data = goStringMap({ user: 'ada' })
    expect(render('{{.user}}[{{.nope}}]', data, { missingKey: 'zero' })).toBe('ada[]')
    expect(() => render('{{.nope}}', data, { missingKey: 'error' })).toThrow(
      'map has no entry for key "nope"',
    )
  })

  it('leave out what touches the outside', () => {
    for (const name of ['env "HOME"', 'expandenv "$HOME"', 'getHostByName "x"']) {
      expect(() => render(`{{${name}}}`)).toThrow('not defined')
    }
    const functions = sprigFunctions({
      environment: { A: 'é' },
      lookupHost: (name) => `${name}=127.0.0.1`,
    })
    expect(render('{{env "A"}}{{expandenv .}}{{getHostByName "h"}}', BRACED, { functions })).toBe(
      'ééé-h=127.0.0.1',
    )
    expect(sprigFunctions({ hermetic: true }).has('now')).toBe(false)
  })
})

describe('limits', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', 'exceeded maximum template depth'],
    ['{{range 100000000}}{{end}}', 'exceeded maximum template steps'],
    ['{{range until 100000000}}{{end}}', 'exceeded maximum template'],
    [
      '{{$x := "aaaaaaaa"}}{{range 40}}{{$x = print $x $x}}{{end}}',
      'exceeded maximum template output',
    ],
    ['{{repeat 100000000 "abc"}}', 'exceeded maximum template output'],
    ['{{range 100}}{{repeat 1000000 "a"}}{{end}}', 'exceeded maximum template output'],
    ['{{indent 100000000 "a"}}', 'exceeded maximum template output'],
    ['{{printf "%1000000d%1000000d" 1 1 | repeat 1000}}', 'exceeded maximum template output'],
    ['{{range 100}}{{bcrypt "x"}}{{end}}', 'exceeded maximum template steps'],
    ['{{range 100}}{{genPrivateKey "nope"}}{{end}}', 'exceeded maximum template steps'],
    ['{{$d := dict}}{{$_ := set $d "a" $d}}{{$d}}', 'takes too much'],
    ['{{$l := list 1}}{{range 40}}{{$l = list $l $l}}{{end}}{{$l}}', 'exceeded maximum template'],
    [
      '{{$l := list 1}}{{range 40}}{{$l = list $l $l}}{{end}}{{toJson $l}}',
      'exceeded maximum template',
    ],
    ['{{replace "" (repeat 10000 "b") (repeat 10000 "a")}}', 'exceeded maximum template output'],
    ['{{randAlpha 1000000000}}', 'exceeded maximum template'],
    ['{{regexReplaceAll "" (repeat 10000 "a") (repeat 10000 "b")}}', 'exceeded maximum template'],
  ]
  it.each(cases)('%s', (text, message) => {
    expect(() => render(text)).toThrow(message)
  })

  it('refuse texts that nest without end', () => {
    const deep = `{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`
    expect(() => render(deep)).toThrow('max expression depth exceeded')
    expect(() => render('{{if 1}}'.repeat(5000) + '{{end}}'.repeat(5000))).toThrow('depth')
    expect(() => parseTemplate('x'.repeat(2_000_000))).toThrow('text is too long')
  })

  it('take lower limits', () => {
    expect(() => render('{{range 50}}x{{end}}', {}, { limits: { outputBytes: 10 } })).toThrow(
      'exceeded maximum template output (10 bytes)',
    )
  })

  it('match in linear time', () => {
    const text = 'a'.repeat(5000)
    expect(render('{{regexMatch "^(a+)+$" .}}', `${text}b`)).toBe('false')
    expect(render('{{regexMatch "(a|a)*b" .}}', text)).toBe('false')
    expect(() => render('{{regexMatch "((a{1,100}){1,100}){1,100}" .}}', text)).not.toThrow()
  })

  it('end with nothing but TemplateError for broken texts', () => {
    const pieces = [
      '{{',
      '}}',
      '.a',
      '$x',
      ':=',
      '|',
      '(',
      ')',
      'if',
      'end',
      'range',
      '"',
      '`',
      ' -',
      'print',
      '\u{1f600}',
    ]
    let state = 1
    for (let round = 0; round < 3000; round++) {
      let text = ''
      for (let i = 0; i < 12; i++) {
        state = (state * 48271) % 2147483647
        text += `${pieces[state % pieces.length]} `
      }
      try {
        render(text, { a: [1] })
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError)
      }
    }
  })

  it('count what functions of others say that they make', () => {
    const functions = functionTable({
      big: goFunction('', (_, rendering) => {
        rendering.room(1e12)
        return ''
      }),
    })
    expect(() => render('{{big}}', {}, { functions })).toThrow('exceeded maximum template output')
  })
})
