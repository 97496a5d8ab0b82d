// Go's text/template: parsed once into closures, rendered cheaply and often. Language, output and messages are
// those of Go (the differential test compares); a rendering is bounded, so a hostile template only fails.
import { Buffer } from 'node:buffer'
import { MAX_TEMPLATE_BYTES } from '../base/limits.ts'
import { builtinFunctions } from './builtin-functions.ts'
import { fromByteString, toByteString } from './byte-strings.ts'
import { type Compiled, compileTree, type Run } from './compile-template.ts'
import { type FunctionTable, goValue } from './go-values.ts'
import { parseTrees } from './parser.ts'
import {
  DEFAULT_LIMITS,
  type MissingKey,
  type RenderSettings,
  RenderState,
  type TemplateLimits,
} from './render-state.ts'
import { TemplateError } from './template-error.ts'

export interface TemplateOptions {
  /** Functions beside Go's own; one with a name of Go's takes its place. */
  readonly functions?: FunctionTable
  readonly leftDelim?: string
  readonly rightDelim?: string
  /** What a key that a map lacks is: no value (printed "<no value>"), its type's zero value, or an error. */
  readonly missingKey?: MissingKey
  /** For messages. */
  readonly name?: string
  readonly limits?: Partial<TemplateLimits>
}

export interface Template {
  /** The output as text. Data is what goValue takes. Throws TemplateError. */
  render(data: unknown): string
  /** The output as bytes, for templates that decode something binary. Throws TemplateError. */
  renderBytes(data: unknown): Buffer
}

/** Parses a template. Throws TemplateError with Go's message ("template: NAME:LINE: ..."). */
export function parseTemplate(text: string, options: TemplateOptions = {}): Template {
  const name = toByteString(options.name ?? 'template')
  const source = toByteString(text)
  if (source.length > MAX_TEMPLATE_BYTES) {
    throw new TemplateError(`template: ${options.name ?? 'template'}: text is too long`)
  }
  const functions: FunctionTable = options.functions ?? new Map()
  const builtins = builtinFunctions()
  const trees = parseTrees(source, {
    name,
    left: toByteString(options.leftDelim || '{{'),
    right: toByteString(options.rightDelim || '}}'),
    shadowed: new Set(['break', 'continue'].filter((word) => functions.has(word))),
    hasFunction: (word) => functions.has(word) || builtins.has(word),
  })
  const compiled = new Map<string, Run>()
  for (const [known, tree] of trees) {
    compiled.set(known, compileTree(tree, { functions, builtins }, compiled))
  }
  const settings: RenderSettings = {
    name,
    text: source,
    missingKey: options.missingKey ?? 'default',
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
  return {
    render: (data) => fromByteString(renderWith(compiled, settings, data)),
    renderBytes: (data) => Buffer.from(renderWith(compiled, settings, data), 'latin1'),
  }
}

function renderWith(compiled: Compiled, settings: RenderSettings, data: unknown): string {
  const run = compiled.get(settings.name)
  const dot = goValue(data) ?? undefined
  const state = new RenderState(settings)
  state.frame = [dot]
  try {
    run?.(state, dot)
  } catch (error) {
    // Stack and string lengths of the engine itself: bounded above, but never to be seen as our own failure.
    if (error instanceof RangeError) state.fail('the template takes too much')
    throw error
  }
  return state.output
}
