// What answers with a certificate hold, as their endpoints declare it.
import { integer, list, string } from '../../schema/field.ts'

export const certificateOutput = {
  ca_chain: list("The issuer's chain, its own certificate first."),
  certificate: string('The certificate.'),
  expiration: integer('End of validity, seconds since 1970.'),
  issuing_ca: string("The issuer's certificate."),
  not_before: integer('Begin of validity, seconds since 1970.'),
  serial_number: string('Serial number: "aa:bb:…".'),
}

export const privateKeyOutput = {
  private_key: string('The private key: it is not kept.', { secret: true }),
  private_key_type: string('rsa, ec or ed25519.'),
}
