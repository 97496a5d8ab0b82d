// The entry of the bundle: what the command was called as decides its set of commands, and a shell that
// asks for completions gets them before anything else happens.
import { basename } from 'node:path'
import { dispatch } from './dispatch.ts'
import { calledAs, environment } from './environment.ts'
import { foreignCall } from './foreign-names.ts'

async function main(): Promise<number> {
  const program = basename(process.argv[1] ?? '').replace(/\.(?:js|mjs|ts|cmd|exe)$/, '')
  const env = environment(calledAs(program), process.env)
  const argv = process.argv.slice(2)
  const line = process.env.COMP_LINE
  if (line !== undefined) {
    const point = Number(process.env.COMP_POINT ?? line.length)
    const { respond } = await import('./completion/respond.ts')
    for (const one of await respond(line, point, argv[1], env)) process.stdout.write(`${one}\n`)
    return 0
  }
  const foreign = foreignCall(program, argv)
  if (foreign) return (await foreign.load())(foreign.args, process)
  return dispatch(argv, env, { stdout: process.stdout, stderr: process.stderr })
}

// A reader that went away (head, less) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await main()
