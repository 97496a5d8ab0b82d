// A login or write that needs a second factor: asked for on the terminal where there is one method, else
// left to a request to sys/mfa/validate.

import type { Client } from './client.ts'
import { wrapText } from './columns.ts'
import type { CommandContext } from './command.ts'
import { type JsonMap, OrderedMap } from './exact-json.ts'
import { attempt } from './failure.ts'
import type { Flags } from './flags.ts'
import { mapOf, type Secret, textOf } from './secret.ts'

interface Method {
  readonly id: string
  readonly type: string
  readonly usesPasscode: boolean
}

function methodsOf(requirement: JsonMap): (readonly Method[])[] {
  return [...(mapOf(requirement, 'mfa_constraints')?.values() ?? [])].map((constraint) => {
    const any = constraint instanceof Map ? constraint.get('any') : null
    return (Array.isArray(any) ? any : [])
      .filter((one) => one instanceof Map)
      .map((one) => ({
        id: textOf(one, 'id'),
        type: textOf(one, 'type'),
        usesPasscode: one.get('uses_passcode') === true,
      }))
  })
}

/** Whether the answer asks for a second factor before it holds a token. */
export function needsMfa(secret: Secret | null): boolean {
  return mapOf(secret?.auth, 'mfa_requirement') !== null
}

/** Asks for the second factor if the answer needs one and the terminal can; else warns. */
export async function finishMfa<F extends Flags>(
  context: CommandContext<F>,
  api: Client,
  secret: Secret | null,
): Promise<Secret | null> {
  const requirement = mapOf(secret?.auth, 'mfa_requirement')
  if (!requirement) return secret
  const constraints = methodsOf(requirement)
  const only = constraints.length === 1 && constraints[0]!.length === 1 ? constraints[0]![0]! : null
  const { ui, common } = context
  if (!only || common['non-interactive'] || !process.stdin.isTTY) {
    const notice =
      'This login needs a second factor: send it to sys/mfa/validate with the request id below.'
    ui.warn(`${wrapText(notice)}\n`)
    return secret
  }
  let passcode = ''
  if (only.usesPasscode) {
    ui.prompt(`Enter the passphrase for methodID "${only.id}" of type "${only.type}": `)
    passcode = await context.input.readHidden()
    ui.prompt('\n')
  } else {
    ui.warn('Waiting for the second factor: confirm the login in your authenticator app.')
  }
  const body = new OrderedMap([
    ['mfa_request_id', textOf(requirement, 'mfa_request_id')],
    ['mfa_payload', new OrderedMap([[only.id, [passcode]]])],
  ])
  return attempt('Error validating the second factor', () =>
    api.write('sys/mfa/validate', body, 'POST'),
  )
}
