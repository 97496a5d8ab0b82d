// All written cases of the comparison with Go as one list. An action among several also stands alone, so that an error
// in the first one hides nothing of the others.
import { DATA } from './data.ts'
import { DATES } from './dates.ts'
import { LANGUAGE, WITH_OPTIONS } from './language.ts'
import { LISTS } from './lists.ts'
import { PRINTING } from './printing.ts'
import { STRINGS } from './strings.ts'

export interface TemplateCase {
  readonly template: string
  readonly data: unknown
  /** All values of the data are strings, as in a Secret. */
  readonly strings?: boolean
  readonly name?: string
  readonly left?: string
  readonly right?: string
  readonly missingKey?: string
  /** Without sprig's functions. */
  readonly plain?: boolean
}

const STRING_DATA = { name: 'Ada', text: 'héllo' }
const ACTION = /\{\{(?:[^{}]|"[^"]*")*\}\}/g
/** What needs its neighbours, or is too slow to be run twice. */
const STAYS_WHOLE = /\$|range|if|with|define|derivePassword|gen[A-Z]|bcrypt/

function alone(template: string): string[] {
  const actions = template.match(ACTION) ?? []
  return actions.length > 1 && !STAYS_WHOLE.test(template) ? actions : []
}

export function everyCase(): TemplateCase[] {
  const written = [...PRINTING, ...STRINGS, ...LISTS, ...DATES]
  const templates = new Set([...LANGUAGE, ...written, ...written.flatMap(alone)])
  return [
    ...Array.from(templates, (template) => ({ template, data: DATA })),
    ...WITH_OPTIONS.map((of) => ({ ...of, data: 'strings' in of ? STRING_DATA : DATA })),
  ]
}
