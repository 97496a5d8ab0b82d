// A password as PostgreSQL stores it for scram-sha-256, made here so that the server (and its log) never
// sees the password itself. RFC 5802 and 7677; the stored form is PostgreSQL's (pg_authid.rolpassword).
import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '../../../base/random.ts'

const derive = promisify(pbkdf2)
const ITERATIONS = 4096
const SALT_BYTES = 16
const KEY_BYTES = 32

/** "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey". The work is done off the main thread. */
export async function scramVerifier(password: string, random: Random): Promise<string> {
  const salt = random.bytes(SALT_BYTES)
  const salted = await derive(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  const serverKey = hmac('Server Key').toString('base64')
  salted.fill(0)
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
