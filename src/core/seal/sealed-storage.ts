// Storage of a sealed server: every call says that it is sealed.
import { sealed } from '../../base/errors.ts'
import type { CoreStorage } from '../store.ts'

const refuse = (): never => {
  throw sealed()
}

export const SEALED_STORAGE: CoreStorage = {
  get: async () => refuse(),
  read: async () => refuse(),
  list: async () => refuse(),
  range: async () => refuse(),
  put: async () => refuse(),
  delete: async () => refuse(),
  transaction: async () => refuse(),
  scoped: () => SEALED_STORAGE,
  readRaw: async () => refuse(),
  open: refuse,
}
