// The server as a process of its own for tests, without the command line: -config=FILE… or -dev=FOLDER.
// Bundled by run-bundled.ts; the workers of a server run the same script.
import { runServer } from '../../src/server.ts'

const valuesOf = (flag: string): string[] =>
  process.argv.filter((one) => one.startsWith(`${flag}=`)).map((one) => one.slice(flag.length + 1))
const [dataDir] = valuesOf('-dev')

process.exitCode = await runServer({
  configPaths: valuesOf('-config'),
  dev:
    dataDir === undefined
      ? null
      : { dataDir, listenAddress: '127.0.0.1:0', rootTokenId: valuesOf('-root-token')[0] ?? '' },
  override: {},
  command: 'strongroom',
  stdout: process.stdout,
  stderr: process.stderr,
})
