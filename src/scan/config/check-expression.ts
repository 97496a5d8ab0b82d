// An expression that is none of RE2's is refused when the configuration is read, in Go's words.
import { fromByteString, toByteString } from '../../template/byte-strings.ts'
import { canBackquote, quote } from '../../template/quoting.ts'
import { RegexParser } from '../../template/regexp-parse.ts'
import { checkProgramSize } from '../../template/regexp-program.ts'
import { FunctionError } from '../../template/template-error.ts'
import { ConfigError } from './config-error.ts'

/** How many groups it has. Throws ConfigError. */
export function checkExpression(expression: string): number {
  const bytes = toByteString(expression)
  try {
    const { node, names } = new RegexParser(bytes).parse()
    checkProgramSize(node, bytes)
    return names.length - 1
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    const shown = canBackquote(bytes) ? `\`${bytes}\`` : quote(bytes)
    throw new ConfigError('load', fromByteString(`regexp: Compile(${shown}): ${error.message}`))
  }
}
