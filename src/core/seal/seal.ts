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

export interface Seal {
  /** Cheap: asked by every request. */
  isSealed(): boolean
  status(): Promise<SealStatus>
  /** Splits a new unseal key, writes the keyring, leaves the server open; answers the shares. */
  initialize(of: { shares: number; threshold: number }): Promise<readonly Buffer[]>
  /** Adds a share; answers the status after it. Throws 400 where a share or the set is wrong. */
  unseal(share: Buffer): Promise<SealStatus>
  resetUnseal(): Promise<SealStatus>
  /** Seals every process of the host and zeroes the keys. */
  seal(): Promise<void>
}
