// Proxies before an AWS endpoint that bend one action: they hold its calls until several have come together,
// send each twice and answer what came of the second, as a client sees it whose first answer was lost, refuse
// it, or lose its answer.
import { createServer, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AwsProxy {
  readonly endpoint: string
  stop(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}
type Forward = () => Promise<Reply>

/** Calls of the action go on when `calls` of them wait. */
export function startGate(target: string, action: string, calls: number): Promise<AwsProxy> {
  const waiting: (() => void)[] = []
  return startProxy(target, action, async (forward) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length >= calls) for (const go of waiting.splice(0)) go()
    })
    return forward()
  })
}

/** Each call of the action happens twice; the second answer is given. */
export const startRepeater = (target: string, action: string): Promise<AwsProxy> =>
  startProxy(target, action, async (forward) => {
    await forward()
    return forward()
  })

/** The action is refused with that code, while `isRefused` says so. */
export const startRefuser = (
  target: string,
  action: string,
  code = 'AccessDenied',
  isRefused: () => Promise<boolean> = async () => true,
): Promise<AwsProxy> =>
  startProxy(target, action, async (forward) => {
    if (!(await isRefused())) return forward()
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error>`
    const body = `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`
    return { status: 409, type: 'text/xml', body: Buffer.from(body) }
  })

/** The action does not reach the target: its result is this XML. `calls` holds what was sent. */
export async function startAnswerer(
  target: string,
  action: string,
  result: string,
): Promise<AwsProxy & { readonly calls: readonly URLSearchParams[] }> {
  const calls: URLSearchParams[] = []
  const proxy = await startProxy(target, action, async (_forward, sent) => {
    calls.push(sent)
    const body = `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`
    return { status: 200, type: 'text/xml', body: Buffer.from(body) }
  })
  return { ...proxy, calls }
}

/** The action happens, and its answer is lost. */
export const startSilencer = (target: string, action: string): Promise<AwsProxy> =>
  startProxy(target, action, async (forward) => {
    await forward()
    return null
  })

async function startProxy(
  target: string,
  action: string,
  bend: (forward: Forward, sent: URLSearchParams) => Promise<Reply | null>,
): Promise<AwsProxy> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const forward: Forward = () => passOn(target, request, body)
    const sent = new URLSearchParams(body.toString())
    const answer = await (sent.get('Action') === action ? bend(forward, sent) : forward())
    if (!answer) return request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': answer.type })
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Headers go on as they are, the host too: they are signed. */
function passOn(target: string, request: IncomingMessage, sent: Buffer): Promise<Reply> {
  const { method, headers, url } = request
  return new Promise((resolve, reject) => {
    const onward = send(target + url, { ...(method && { method }), headers, agent: false })
    onward.once('error', reject)
    onward.once('response', async (answer) => {
      const body = await bodyOf(answer)
      resolve({ status: answer.statusCode!, type: answer.headers['content-type'] ?? '', body })
    })
    onward.end(sent)
  })
}
