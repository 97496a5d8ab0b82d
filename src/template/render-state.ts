// One rendering under way: what was written, where it is (for errors) and what it has used up. A rendering that
// loops or grows ends with a TemplateError that says which limit it passed.
import {
  MAX_TEMPLATE_DEPTH,
  MAX_TEMPLATE_OUTPUT_BYTES,
  MAX_TEMPLATE_STEPS,
} from '../base/limits.ts'
import { fromByteString } from './byte-strings.ts'
import type { GoValue, Rendering } from './go-values.ts'
import { type AnyNode, nodeText } from './nodes.ts'
import { quote } from './quoting.ts'
import { TemplateError } from './template-error.ts'

export interface TemplateLimits {
  /** Bytes written, and bytes of any string made on the way. */
  readonly outputBytes: number
  /** Nodes walked and elements gone through. */
  readonly steps: number
  /** Templates within templates. */
  readonly depth: number
}

export const DEFAULT_LIMITS: TemplateLimits = {
  outputBytes: MAX_TEMPLATE_OUTPUT_BYTES,
  steps: MAX_TEMPLATE_STEPS,
  depth: MAX_TEMPLATE_DEPTH,
}

export type MissingKey = 'default' | 'zero' | 'error'

/** What all renderings of a template share. */
export interface RenderSettings {
  /** Name of the text, a byte string. */
  readonly name: string
  /** The text, a byte string. */
  readonly text: string
  readonly missingKey: MissingKey
  readonly limits: TemplateLimits
}

export class RenderState implements Rendering {
  readonly settings: RenderSettings
  output = ''
  /** The node that an error is said to be at. */
  node: AnyNode | null = null
  /** Name of the template that runs. */
  templateName: string
  depth = 0
  frame: GoValue[] = []
  /** Whether dot is held in an interface, which messages about its type tell. */
  isDotInterface = false
  /** Slots of variables that are held in an interface. */
  interfaceSlots: Set<number> | null = null
  private steps = 0

  constructor(settings: RenderSettings) {
    this.settings = settings
    this.templateName = settings.name
  }

  write(bytes: string): void {
    this.output += bytes
    if (this.output.length > this.settings.limits.outputBytes) this.tooLong()
  }

  spend(steps: number): void {
    if ((this.steps += steps) > this.settings.limits.steps) {
      this.fail(`exceeded maximum template steps (${this.settings.limits.steps})`)
    }
  }

  room(bytes: number): void {
    // Written so that NaN is refused too.
    if (!(bytes <= this.settings.limits.outputBytes)) this.tooLong()
    this.spend(Math.max(0, bytes) >> 6)
  }

  private tooLong(): never {
    this.fail(`exceeded maximum template output (${this.settings.limits.outputBytes} bytes)`)
  }

  /** Ends the rendering with a message in Go's form, at the current node. */
  fail(message: string): never {
    const { name, text } = this.settings
    if (!this.node) throw new TemplateError(fromByteString(`template: ${name}: ${message}`))
    const before = text.slice(0, this.node.pos)
    const lines = before.split('\n')
    const place = `${name}:${lines.length}:${lines.at(-1)!.length}`
    const where = `executing ${quote(this.templateName)} at <${nodeText(this.node)}>`
    throw new TemplateError(fromByteString(`template: ${place}: ${where}: ${message}`))
  }
}
