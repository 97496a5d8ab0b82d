// sys/key-status, sys/rotate and its configuration, sys/rotate/root without shares: the keys that data is
// encrypted with. Source: Vault's API pages "sys/key-status", "sys/rotate", "sys/rotate/config".

import { formatDuration } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { boolean, duration, integer } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import {
  MAX_OPERATIONS,
  MIN_OPERATIONS,
  MIN_ROTATION_INTERVAL_SECONDS,
} from '../barrier/keyring.ts'
import type { CoreContext } from '../request-context.ts'
import { changeRootKey } from '../seal/root-key-change.ts'

const { read, write } = endpoints<CoreContext>()

const configInput = {
  enabled: boolean('Whether new terms are taken by themselves.'),
  max_operations: integer('Encryptions after which a new term is taken.'),
  interval: duration('Age at which a new term is taken; 0: no such limit.'),
}

const configRows = (path: string): readonly Row<CoreContext>[] => [
  read(path, {
    about: 'When a new encryption key is taken by itself.',
    rootOnly: true,
    effects: false,
    envelope: 'both',
    handle: async ({ host: { barrier } }) => {
      await barrier.reload()
      const { enabled, maxOperations, intervalSeconds } = barrier.rotation
      const interval = intervalSeconds === 0 ? 0 : formatDuration(intervalSeconds)
      return { data: { enabled, interval, max_operations: maxOperations } }
    },
  }),
  write(path, {
    about: 'Set when a new encryption key is taken by itself.',
    rootOnly: true,
    input: configInput,
    handle: async ({ host: { barrier } }, values) => {
      await barrier.reload()
      const before = barrier.rotation
      const intervalSeconds = values.interval ?? before.intervalSeconds
      const maxOperations = values.max_operations ?? before.maxOperations
      if (intervalSeconds !== 0 && intervalSeconds < MIN_ROTATION_INTERVAL_SECONDS) {
        const least = formatDuration(MIN_ROTATION_INTERVAL_SECONDS)
        throw badRequest(`interval must be greater or equal to ${least}`)
      }
      if (maxOperations < MIN_OPERATIONS || maxOperations > MAX_OPERATIONS) {
        throw badRequest(
          `max_operations must be in the range [${MIN_OPERATIONS},${MAX_OPERATIONS}]`,
        )
      }
      const enabled = values.enabled ?? before.enabled
      await barrier.setRotation({ enabled, maxOperations, intervalSeconds })
      return { empty: true }
    },
  }),
]

const rotateRow = (path: string): Row<CoreContext> =>
  write(path, {
    about: 'Take a new encryption key; older ones stay, so that older data can be read.',
    auth: 'sudo',
    rootOnly: true,
    handle: async ({ host: { barrier, log } }) => {
      const term = await barrier.rotate()
      log.named('barrier').info('new data is encrypted under a new term', { term })
      return { empty: true }
    },
  })

export const rotateEndpoints: readonly Row<CoreContext>[] = [
  read('key-status', {
    about: 'The encryption key in use: its term, its age and how much it was used.',
    rootOnly: true,
    effects: false,
    envelope: 'both',
    handle: async ({ host: { barrier } }) => {
      const { term, installedAtMs, encryptions } = await barrier.keyStatus()
      const install_time = new Date(installedAtMs).toISOString()
      return { data: { encryptions, install_time, term } }
    },
  }),
  rotateRow('rotate'),
  rotateRow('rotate/keyring'),
  ...configRows('rotate/config'),
  ...configRows('rotate/keyring/config'),
  write('rotate/root', {
    about: 'Take a new root key; the key shares stay as they are.',
    auth: 'sudo',
    rootOnly: true,
    handle: async ({ host, core: { storage } }) => {
      const { backend, barrier, random, log } = host
      await changeRootKey({ backend, barrier, random, storage })
      log.named('barrier').info('root key changed')
      return { empty: true }
    },
  }),
]
