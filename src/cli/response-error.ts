// The answer of a server that refused, in the shape that Vault's client prints and scripts match on.
// The first lines never change; several messages stand on lines of their own.

export interface Refusal {
  readonly method: string
  readonly url: string
  readonly status: number
  /** The namespace the server says it looked in; '' for the root. */
  readonly namespace: string
  readonly messages: readonly string[]
  /** The body was no {"errors": […]}, and the one message is that body. */
  readonly isRaw: boolean
}

export class ResponseError extends Error {
  override readonly name = 'ResponseError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(describe(refusal))
    this.refusal = refusal
  }
  get status(): number {
    return this.refusal.status
  }
}

function describe(refusal: Refusal): string {
  const { namespace, isRaw, messages } = refusal
  const where = namespace === '' || namespace === 'root/' ? '' : `Namespace: ${namespace}\n`
  const body = isRaw ? messages.join('') : messages.map((message) => `* ${message}`).join('\n')
  return (
    `Error making API request.\n\n${where}URL: ${refusal.method} ${refusal.url}\n` +
    `Code: ${refusal.status}. ${isRaw ? 'Raw Message' : 'Errors'}:\n\n${body}`
  )
}
