// Every storage key that core uses, in one place. Keys live under ids, never paths, so that a remount
// moves no data. Namespace ids are 'root' or six characters; mount ids are UUIDs.
//
// Epochs are keys whose version is all that counts: caches built from what an epoch covers are valid only
// while its version stands. core/epoch covers mounts, namespaces, quotas and audit devices;
// ns/<id>/epoch covers policies, groups and dead token trees of that namespace. Creating, renewing or
// using a token touches neither.

export const ROOT_NAMESPACE_ID = 'root'

/** Plain (not behind the barrier): how the root key is split or wrapped. */
export const SEAL_KEY = 'core/seal'
/** The keyring, encrypted under the root key. */
export const KEYRING_KEY = 'core/keyring'
/** The root key, encrypted under the newest terms, so that other processes follow a new root key. */
export const ROOT_KEY_KEY = 'core/root-key'
/** The key that the shares make, behind the barrier: a new root key is wrapped under it without the shares. */
export const UNSEAL_KEY_KEY = 'core/unseal-key'
/** Progress of a rekeying and of a root token's making. */
export const REKEY_KEY = 'core/rekey'
export const GENERATE_ROOT_KEY = 'core/generate-root'
/** How many encryptions of the newest term were handed out to processes. */
export const KEY_USES_KEY = 'core/key-uses'
export const CORE_EPOCH_KEY = 'core/epoch'

export const namespaceKey = (id: string): string => `core/namespace/${id}`
/** Index: the id of a child namespace by its parent's id and its name. */
export const namespaceChildKey = (parentId: string, name: string): string =>
  `core/namespace-child/${parentId}/${name}`
export const namespaceChildPrefix = (parentId: string): string =>
  `core/namespace-child/${parentId}/`

export const namespaceEpochKey = (namespaceId: string): string => `ns/${namespaceId}/epoch`
export const mountPrefix = (namespaceId: string): string => `ns/${namespaceId}/mount/`
export const mountKey = (namespaceId: string, mountId: string): string =>
  `ns/${namespaceId}/mount/${mountId}`
export const policyPrefix = (namespaceId: string): string => `ns/${namespaceId}/policy/`
export const passwordPolicyPrefix = (namespaceId: string): string =>
  `ns/${namespaceId}/password-policy/`

/** A token's own entry, under its accessor (which is a salted hash of the token's text). */
export const tokenPrefix = (namespaceId: string): string => `ns/${namespaceId}/token/`
export const tokenKey = (namespaceId: string, accessor: string): string =>
  `ns/${namespaceId}/token/${accessor}`
/** Mark: `child` was made by `parent`. Children of a deleted parent become orphans or die with it. */
export const tokenChildPrefix = (namespaceId: string, parent: string): string =>
  `ns/${namespaceId}/token-child/${parent}/`
/** Tombstone of a token tree: every token with this ancestor is dead. */
export const tokenTombstonePrefix = (namespaceId: string): string =>
  `ns/${namespaceId}/token-tombstone/`
/** Work list of the job that takes descendants out from under a cut (a token revoked on its own). */
export const tokenSweepPrefix = (namespaceId: string, accessor: string): string =>
  `ns/${namespaceId}/token-sweep/${accessor}/`
export const tokenRolePrefix = (namespaceId: string): string => `ns/${namespaceId}/token-role/`
/** Mark: the lease belongs to the token and ends with it. */
export const tokenLeasePrefix = (namespaceId: string, accessor: string): string =>
  `ns/${namespaceId}/token-lease/${accessor}/`

/**
 * Mark: `<creation path>/h<accessor>`, the id under which sys/leases knows the token. It stands as long as
 * the token's entry.
 */
export const tokenPathPrefix = (namespaceId: string): string => `ns/${namespaceId}/token-path/`

/** What a token keeps to itself; ends with the token. */
export const cubbyholePrefix = (namespaceId: string, accessor: string): string =>
  `ns/${namespaceId}/cubbyhole/${accessor}/`
/** A wrapped response, under the hash of its wrapping token; larger ones continue below it. */
export const wrappedKey = (namespaceId: string, accessor: string): string =>
  `ns/${namespaceId}/wrapped/${accessor}`
/** The salt of the token hashes, and the key that seals batch tokens. */
export const TOKEN_SALT_KEY = 'core/token-salt'
export const BATCH_TOKEN_KEY = 'core/batch-token-key'

/** Marks `<mount id>/<lease id>`: the leases that could not be revoked, so that showing them costs no scan. */
export const irrevocableLeasePrefix = (namespaceId: string): string =>
  `ns/${namespaceId}/lease-irrevocable/`
export const leasePrefix = (namespaceId: string): string => `ns/${namespaceId}/lease/`

/**
 * Leases to be revoked now: marks `<shard>/<lane>/<time>/<lease id>`. What is known of a lane that gives no
 * answer stands under LEASE_LANE_PREFIX.
 */
export const LEASE_QUEUE_PREFIX = 'lease-queue/'
export const LEASE_LANE_PREFIX = 'core/lease-lane/'

/** Everything that a mount's plugin stores. */
export const mountDataPrefix = (mountId: string): string => `mount/${mountId}/`

/** What is due: `due/<shard>/<time>/<namespace>/<kind>/<id>`; see core/jobs. */
export const DUE_PREFIX = 'due/'

/** Stands while changes of a mount's secrets are followed: which folders, and for which namespace's index. */
export const liveWatchKey = (mountId: string): string => `core/live-watch/${mountId}`
/** The index of live secrets of a namespace, see core/live-secrets. */
export const livePrefix = (namespaceId: string): string => `ns/${namespaceId}/live/`
