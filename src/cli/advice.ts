// What to do next, said below an error that the person at the keyboard can do something about.
// It is appended to the message, so that what scripts match on stays at the beginning.
import type { Client } from './client.ts'
import { messageOf } from './failure.ts'
import { ResponseError } from './response-error.ts'
import { NetworkError } from './transport.ts'

function adviceFor(error: unknown, client: Client): string {
  const { env, address } = client.settings
  const program = env.calledAs
  if (error instanceof NetworkError) {
    const variable = env.shown('ADDR')
    switch (error.reason) {
      case 'refused':
        return (
          `No server answers at ${address}. Start one ("${program} server -dev"), or say where it ` +
          `is with -address or ${variable}.`
        )
      case 'plain-http':
        return (
          'The server speaks plain HTTP and the address says https. Use ' +
          `-address=${address.replace(/^https/, 'http')} or set ${variable} to that.`
        )
      case 'certificate':
        return `Name the authority that signed it with -ca-cert or ${env.shown('CACERT')}.`
      case 'name':
        return 'Use a name of the certificate in the address, or say which to expect with -tls-server-name.'
      case 'hang-up':
        return `The server closed the connection. If it speaks TLS, the address has to begin with https.`
      default:
        return ''
    }
  }
  if (!(error instanceof ResponseError)) return ''
  const { status, messages } = error.refusal
  if (status === 503 && messages.some((message) => /sealed/i.test(message))) {
    return `The server is sealed: run "${program} operator unseal" with enough key shares.`
  }
  const isLogin = /\/v1\/auth\/.*login/.test(error.refusal.url)
  if (status === 403 && client.token === '' && !isLogin) {
    return `No token was sent: run "${program} login", or set ${env.shown('TOKEN')}.`
  }
  return ''
}

/** The error with advice below its message, where there is some to give. */
export function advise(error: unknown, client: Client): Error {
  const known = error instanceof Error ? error : new Error(messageOf(error))
  const advice = adviceFor(known, client)
  if (advice !== '') known.message = `${known.message}\n\n${advice}`
  return known
}
