// Asking for a key share on the terminal without showing it.
// A share is never echoed and never kept.
import { wrapText } from '../columns.ts'
import { Failure, messageOf } from '../failure.ts'
import type { StandardInput } from '../standard-input.ts'
import type { Ui } from '../ui.ts'

/** The share that is typed; `kind` is "Unseal" or "Recovery", `instead` what works without a terminal. */
export async function askKey(
  ui: Ui,
  input: StandardInput,
  kind: string,
  instead: string,
): Promise<string> {
  ui.prompt(`${kind} Key (will be hidden): `)
  try {
    return (await input.readHidden()).trim()
  } catch (error) {
    if (error instanceof Failure) throw error
    const advice =
      `The ${kind.toLowerCase()} key can only be typed on a terminal. Run the command there, or ` +
      `${instead}. The reason was: ${messageOf(error)}`
    throw new Failure(1, wrapText(advice))
  } finally {
    ui.prompt('\n')
  }
}
