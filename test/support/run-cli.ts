// A command line of the CLI in this process, against a server, as a person with a token types it.
import { dispatch } from '../../src/cli/dispatch.ts'
import { environment } from '../../src/cli/environment.ts'

/** What it prints; throws with all of it where the command fails. */
export async function runCli(
  args: readonly string[],
  address: string,
  token: string,
): Promise<string> {
  let output = ''
  let errors = ''
  const env = environment('strongroom', {
    STRONGROOM_ADDR: address,
    STRONGROOM_TOKEN: token,
    STRONGROOM_TOKEN_PATH: '/nonexistent/token',
    STRONGROOM_CONFIG_PATH: '/nonexistent/config',
  })
  const code = await dispatch([...args], env, {
    stdout: { write: (text) => void (output += text) },
    stderr: { write: (text) => void (errors += text) },
  })
  if (code !== 0) throw new Error(`${args.join(' ')}: ${errors}${output}`)
  return output
}
