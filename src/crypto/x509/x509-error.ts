// The one error of this library: what came in (DER, PEM, text for a name or an extension) is not what the
// standards allow. Its message says what is wrong and repeats no key material, so that callers may show it
// as part of a 400. Anything else that is thrown here is a bug.

export class X509Error extends Error {
  override readonly name = 'X509Error'
}

export const malformed = (what: string): X509Error => new X509Error(what)
