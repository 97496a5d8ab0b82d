// What core knows of the seal. The state belongs to the host, not to a process: with several workers a
// supervisor holds the progress and hands the keyring on, with one process it is held here.

export interface SealStatus {
  readonly type: 'shamir'
  readonly initialized: boolean
  readonly sealed: boolean
  /** Threshold and number of shares; 0 before initialisation. */
  readonly threshold: number
  readonly shares: number
  /** Shares given so far, and the nonce of this attempt ('' without one). */
  readonly progress: number
  readonly nonce: string
  readonly clusterId: string
  readonly clusterName: string
}

export interface Initialized {
  readonly shares: readonly Buffer[]
  readonly rootToken: string
}

export interface SharesWanted {
  readonly shares: number
  readonly threshold: number
}

/** What a development server chooses beforehand, so that it is on disk before the store needs it. */
export interface ChosenSecrets {
  /** 32 bytes; only for one share of one. */
  readonly unsealKey?: Buffer
  readonly rootToken?: string
}

export interface Seal {
  /** Cheap: asked by every request. */
  isSealed(): boolean
  status(): Promise<SealStatus>
  /** Splits a new unseal key and writes the store's first contents; leaves the server sealed. */
  initialize(wanted: SharesWanted, chosen?: ChosenSecrets): Promise<Initialized>
  /** Adds a share; answers the status after it. Throws 400 where a share or the set is wrong. */
  unseal(share: Buffer): Promise<SealStatus>
  resetUnseal(): Promise<SealStatus>
  /** Seals every process of the host and zeroes the keys. */
  seal(): Promise<void>
  /** Opens this process with the host's keys, if the host is unsealed: for a process that just started. */
  follow(): Promise<void>
  /** Closes this process alone, at its end; the host stays as it is. */
  close(): Promise<void>
}
