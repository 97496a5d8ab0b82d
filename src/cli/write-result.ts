// What a command that wrote something prints: the success line where the server answered nothing, else one
// field or the answer.
import type { CommonValues } from './command.ts'
import { fieldOf, outputSecret, printField } from './output.ts'
import type { Secret } from './secret.ts'
import type { Ui } from './ui.ts'

export async function printWritten(
  ui: Ui,
  common: CommonValues,
  secret: Secret | null,
  success: string,
): Promise<number> {
  if (!secret) {
    if (ui.format === 'table') ui.out(success)
    return 0
  }
  if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
  return outputSecret(ui, secret)
}
