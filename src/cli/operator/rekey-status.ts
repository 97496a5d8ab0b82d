// How far a change of key shares, or its verification, is: the members of the answers and the tables.
// Source: the API pages of sys/rekey and sys/rekey/verify.
import type { JsonMap } from '../exact-json.ts'
import { formatValue } from '../go-format.ts'
import { numberOf, type Shape, textOf, textsOf, ZERO } from '../secret.ts'

export const STATUS: Shape = [
  ['complete', undefined],
  ['keys', undefined],
  ['keys_base64', undefined],
  ['nonce', ''],
  ['started', false],
  ['t', ZERO],
  ['n', ZERO],
  ['progress', ZERO],
  ['required', ZERO],
  ['pgp_fingerprints', null],
  ['backup', false],
  ['verification_required', false],
  ['verification_nonce', ''],
]
export const VERIFY_STATUS: Shape = [
  ['nonce', ''],
  ['started', false],
  ['t', ZERO],
  ['n', ZERO],
  ['progress', ZERO],
]
export const UPDATE: Shape = [
  ['nonce', ''],
  ['complete', false],
  ['keys', null],
  ['keys_base64', null],
  ['pgp_fingerprints', null],
  ['backup', false],
  ['verification_required', false],
  ['verification_nonce', undefined],
]

export function statusRows(status: JsonMap): string[][] {
  const text = (name: string): string => formatValue(status.get(name))
  const rows = [
    ['Nonce', text('nonce')],
    ['Started', text('started')],
  ]
  if (status.get('started') === true) {
    const isVerifying = text('progress') === text('required')
    const progress = `${text('progress')}/${text('required')}`
    rows.push(['Progress', isVerifying ? `${progress} (verification in progress)` : progress])
    if (numberOf(status, 'n') > 0) rows.push(['New Shares', text('n')])
    if (numberOf(status, 't') > 0) rows.push(['New Threshold', text('t')])
    rows.push(['Verification Required', text('verification_required')])
    const nonce = textOf(status, 'verification_nonce')
    if (nonce !== '') rows.push(['Verification Nonce', nonce])
  }
  const fingerprints = textsOf(status, 'pgp_fingerprints') ?? []
  if (fingerprints.length > 0) {
    rows.push(['PGP Fingerprints', text('pgp_fingerprints')], ['Backup', text('backup')])
  }
  return rows
}

export function verifyRows(status: JsonMap): string[][] {
  const text = (name: string): string => formatValue(status.get(name))
  return [
    ['Started', text('started')],
    ['New Shares', text('n')],
    ['New Threshold', text('t')],
    ['Verification Nonce', text('nonce')],
    ['Verification Progress', `${text('progress')}/${text('t')}`],
  ]
}
