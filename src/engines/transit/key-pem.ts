// PEM around DER (RFC 7468), as Go writes it: lines of 64, a line break at the end.

export function pem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

export const spkiPem = (base64: string): string => pem('PUBLIC KEY', base64)

/** A chain in one text, '' where there is none. */
export const certificatesPem = (certificates: readonly string[] | null): string =>
  (certificates ?? []).map((der) => pem('CERTIFICATE', der).trimEnd()).join('\n')
