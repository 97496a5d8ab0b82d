// A key share with the nonce of the operation it is for: typed on the terminal (the nonce is then the current
// one), or given as an argument or on standard input together with -nonce.
import { wrapText } from '../columns.ts'
import type { CommandContext } from '../command.ts'
import { Failure } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { askKey } from './ask-key.ts'

export interface KeyShareRequest {
  readonly argument: string
  readonly nonceFlag: string
  readonly currentNonce: string
  /** "Unseal" or "Recovery". */
  readonly kind: string
  /** What the nonce is called on the terminal. */
  readonly title: string
}

export async function keyShare<F extends Flags>(
  context: CommandContext<F>,
  request: KeyShareRequest,
): Promise<{ key: string; nonce: string }> {
  const { ui, input, common } = context
  const argument = request.argument.trim()
  let key = argument
  let nonce = request.nonceFlag
  if (argument === '-') key = await input.readAll()
  else if (argument === '') {
    if (common['non-interactive']) {
      const message = 'Refusing to read from stdin with -non-interactive specified'
      throw new Failure(1, wrapText(`${message}; specify nonce via the -nonce flag`))
    }
    nonce = request.currentNonce
    ui.out(`${request.title}: ${nonce}`)
    key = await askKey(ui, input, request.kind, 'give "-" and the share on standard input')
  }
  if (nonce === '') throw new Failure(1, 'Missing nonce value: specify it via the -nonce flag')
  return { key: key.trim(), nonce }
}
