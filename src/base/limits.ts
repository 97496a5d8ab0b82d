// Every limit of the system, each with its reason. A limit that a request can hit answers 4xx in words.

/** A storage key, in bytes: LMDB's page takes 1,978, and the prefix of a mount has to fit too. */
export const MAX_KEY_BYTES = 1024
/** Expects and writes of one storage batch from a plugin: etcd takes 128 operations. */
export const MAX_BATCH_KEYS = 100
/** Bytes of one storage batch: etcd refuses requests over 1.5 MiB. */
export const MAX_BATCH_BYTES = 1024 * 1024
/** Entries of one list or range page. */
export const MAX_PAGE = 1000
/** How often a transaction is tried again after a conflict before the caller gets 503. */
export const MAX_TRANSACTION_TRIES = 8
/** A request body, in bytes, unless the listener says otherwise (Vault's max_request_size). */
export const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Nesting of a JSON body: deeper input only serves to exhaust the stack. */
export const MAX_JSON_DEPTH = 200
/** The request line and all header lines together, in bytes (Go's default is 1 MiB; ours is stricter). */
export const MAX_HEADER_BYTES = 64 * 1024
/** Header lines of one request. */
export const MAX_HEADER_COUNT = 128
/** Time a request may take, in seconds (Vault's default_max_request_duration). */
export const MAX_REQUEST_SECONDS = 90
/** Default and largest life of leases and tokens, in seconds: 32 days, as in Vault. */
export const SYSTEM_DEFAULT_TTL_SECONDS = 32 * 24 * 3600
export const SYSTEM_MAX_TTL_SECONDS = 32 * 24 * 3600
/** Time to send the head of a request, in seconds (Vault's http_read_header_timeout): against slow-loris. */
export const HEADER_READ_SECONDS = 10
/** Time to send a whole request, in seconds (Vault's http_read_timeout). */
export const REQUEST_READ_SECONDS = 30
/** Time a connection may rest between requests, in seconds (Vault's http_idle_timeout). */
export const IDLE_CONNECTION_SECONDS = 300
/** Time a client may take no byte of a reply that waits for it, in seconds. */
export const WRITE_STALL_SECONDS = 60
/** Bytes of later requests kept while one is handled; then the socket is no longer read. */
export const MAX_PIPELINED_BYTES = 64 * 1024
/** Nesting of an HCL or JSON policy or configuration: real ones take six levels. */
export const MAX_HCL_DEPTH = 64
/** Characters of a token's text: a batch token carries its metadata; more only serves to cost hashing. */
export const MAX_TOKEN_CHARS = 16 * 1024
/** Ancestors of a token, all kept in its entry: 200 of them are 5 KB. */
export const MAX_TOKEN_DEPTH = 200
/** Decoded token records kept by one process, in number and in bytes of what they were decoded from. */
export const MAX_CACHED_TOKENS = 20_000
export const MAX_CACHED_TOKEN_BYTES = 32 * 1024 * 1024
/** The path of a KV secret, in bytes: leaves room in a storage key for what the mount puts in front. */
export const MAX_SECRET_PATH_BYTES = 960
/** A KV secret's JSON text, in bytes: one commit has to take it with what is known of its versions. */
export const MAX_SECRET_BYTES = MAX_BATCH_BYTES - 16 * 1024
/** A current version up to this many bytes lies inside its key's entry: one read instead of two. */
export const MAX_INLINE_SECRET_BYTES = 64 * 1024
/** Versions whose data goes in the commit that gives them up; a job pages through the rest. */
export const MAX_INLINE_DELETES = 80
/** Processes on one store: beyond it, contention for the one writer costs more than a process brings. */
export const MAX_WORKERS = 64
/** Time from one step of a rekey or root generation to the next, in seconds: share holders live in many zones. */
export const CEREMONY_SECONDS = 24 * 3600
/** Time to connect to AWS and to wait for an answer, in milliseconds: its API answers in two seconds or fails. */
export const AWS_CONNECT_MS = 5_000
export const AWS_REQUEST_MS = 20_000
/** Until a new IAM user is seen everywhere, in milliseconds: before that "no such user" proves nothing. */
export const AWS_USER_SETTLE_MS = 5 * 60_000
/** The shortest time between rotations of an AWS key, in seconds, as the API has it. */
export const AWS_MIN_ROTATION_SECONDS = 60
/** Time one revocation may take before it counts as unanswered, in seconds: real ones take milliseconds. */
export const LEASE_REVOKE_SECONDS = 60
/** What an engine keeps to undo a lease, in bytes of JSON: twenty leases share a commit. */
export const MAX_LEASE_BYTES = 32 * 1024
/** Wait for a free connection of a database's pool, ms: well below a request's own time. */
export const DATABASE_WAIT_MS = 30_000
/** Pools and parsed keys kept for later, in one process: a parsed key takes some kilobytes. */
export const MAX_RESOURCES = 20_000
/** Reaching a database and logging in, in all, where its settings name no connect_timeout. */
export const DATABASE_CONNECT_MS = 15_000
/** A database's answer to a batch of statements, ms: a slow one ends in an error before the request does. */
export const DATABASE_STATEMENT_MS = 30_000
/** The content of an object identifier, in bytes: real ones take 20. */
export const MAX_OID_BYTES = 128
/** A certificate or signing request, in bytes: one with 1,000 names takes 40 KB. */
export const MAX_CERTIFICATE_BYTES = 256 * 1024
/** An OCSP request, in bytes, and the certificates it may ask for: each costs a look-up, unauthenticated. */
export const MAX_OCSP_REQUEST_BYTES = 16 * 1024
export const MAX_OCSP_CERTIFICATES = 20
/** A revocation list that is handed in, in bytes: 100,000 entries take 4 MB. */
export const MAX_CRL_BYTES = 16 * 1024 * 1024
/** Blocks of one PEM bundle: chains have a handful, trust stores some 150. */
export const MAX_PEM_BLOCKS = 512
/** Nesting of a template's text (blocks, parentheses): it is walked by recursion; real ones take ten. */
export const MAX_TEMPLATE_NESTING = 200
/** Bytes of one template's text: a secret's data or an annotation that carries it is smaller. */
export const MAX_TEMPLATE_BYTES = 1024 * 1024
/** Bytes that one rendering may write, and bytes of any one string made on the way. */
export const MAX_TEMPLATE_OUTPUT_BYTES = 16 * 1024 * 1024
/** Steps of one rendering (nodes walked, elements and bytes gone through): about two seconds of work. */
export const MAX_TEMPLATE_STEPS = 10_000_000
/** Templates within templates while rendering: beyond it they call themselves without end. */
export const MAX_TEMPLATE_DEPTH = 500
/** The name of a transit key, in bytes (all ASCII): it stands in storage keys and in every path. */
export const MAX_KEY_NAME_BYTES = 256
/** Parsed versions of one transit key that a process keeps: one takes up to 20 KB of OpenSSL's memory. */
export const MAX_LOADED_KEY_VERSIONS = 64
/** Items of one transit batch: at some 10 µs each, one request holds a processor for 0.2 s at most. */
export const MAX_TRANSIT_BATCH = 20_000
/** Work of one request that is done before others get a turn, in milliseconds. */
export const MAX_TURN_MS = 5
/** Versions of one transit key: at one rotation an hour, 114 years. */
export const MAX_KEY_VERSIONS = 1_000_000
/** Issuers, and keys, of one PKI mount: their directory is one entry, read with each request that signs. */
export const MAX_PKI_ISSUERS = 1000
/** Certificates of one issuer's chain: they are read together; real chains have three. */
export const MAX_PKI_CHAIN = 40
/** Alternative names of one certificate: clients of TLS take no larger ones, and each costs its checks. */
export const MAX_CERTIFICATE_NAMES = 1000
/** Entries of a revocation list that a caller has signed, and the lists that are joined into one: 200,000 take a
 * second of CPU. */
export const MAX_SIGNED_LIST_ENTRIES = 200_000
export const MAX_JOINED_LISTS = 100
/** Warnings of one answer about what it was given: nobody reads more, and each is a line of the client's. */
export const MAX_INPUT_WARNINGS = 20
/** Certificates and keys of one import: they go in with one commit, each an entry of it. */
export const MAX_PKI_BUNDLE = 90
/** Shortest rotation period and, of a cron schedule, shortest window, in seconds: Vault's. */
export const MIN_ROTATION_SECONDS = 5
export const MIN_ROTATION_WINDOW_SECONDS = 3600
/** Rotations that a record remembers, and characters of what went wrong in each: 20 of them are some 4 KB. */
export const MAX_ROTATION_HISTORY = 20
export const MAX_ROTATION_ERROR_CHARS = 300
/** Failed tries of a rotation after which it counts as failed: with pauses that double, some ten minutes. */
export const ROTATION_TRIES = 6
/**
 * The index of live secrets. A filter row can be checked offline by who holds it, so a value has to be out of reach
 * of guessing: 50 bits by default, never below 40. A page of 20,000 rows is 0.3 MB and some 100 ms of work.
 */
export const LIVE_SECRETS = {
  minLength: 12,
  leastLength: 8,
  minEntropyBits: 50,
  leastEntropyBits: 40,
  pageRows: 20_000,
} as const
/** Slow hashes of findings at work at the same time: the threads that Node has for them, 4 MiB each. */
export const SCAN_FINGERPRINTS_AT_ONCE = 4
/** The scanner's baseline file, in bytes: 50,000 entries with their reasons take 12 MB. */
export const SCAN_BASELINE_BYTES = 32 * 1024 * 1024
/** Seconds that a server's pre-receive hook looks at a push: then it refuses, for whoever pushes waits for it. */
export const SCAN_HOOK_SECONDS = 60
/** Bytes of one fragment that the scanner hands to its detector: keyword tables and the text stay in the cache. */
export const SCAN_FRAGMENT_BYTES = 256 * 1024
/** Added lines of one hunk that stay together as gitleaks keeps them, in bytes; longer ones are cut at a line. */
export const SCAN_HUNK_BYTES = 16 * 1024 * 1024
/** Bytes of one batch of fragments: worker threads get a few milliseconds of work with each message. */
export const SCAN_BATCH_BYTES = 1024 * 1024
/** Fragments of one batch: a diff has many small ones, each an object to pass on. */
export const SCAN_BATCH_FRAGMENTS = 4096
/** A line of git's own output that isn't content (a file's header, an author), in bytes; the rest is dropped. */
export const SCAN_HEADER_BYTES = 64 * 1024
/** Archives within archives that are opened when nobody says otherwise. */
export const SCAN_ARCHIVE_DEPTH = 3
/** Bytes that one outermost archive may unfold to, and entries in it: beyond it is a bomb or a data set. */
export const SCAN_ARCHIVE_BYTES = 4 * 1024 * 1024 * 1024
export const SCAN_ARCHIVE_ENTRIES = 500_000
/** Bytes that one compressed byte may become once SCAN_RATIO_FREE_BYTES are out: DEFLATE's most is 1,032; text has 20. */
export const SCAN_ARCHIVE_RATIO = 250
export const SCAN_RATIO_FREE_BYTES = 16 * 1024 * 1024
/** A zip within another archive is held in memory, since its directory stands at its end; larger ones are left out. */
export const SCAN_NESTED_ZIP_BYTES = 64 * 1024 * 1024
/** A zstd frame's window, in bytes: it is memory that the frame alone asks for; `zstd --long` takes 128 MiB. */
export const SCAN_ZSTD_WINDOW_BYTES = 128 * 1024 * 1024
/** The JSON of an image (manifest, configuration), in bytes: real ones take 20 KB. */
export const SCAN_IMAGE_JSON_BYTES = 8 * 1024 * 1024
/** A list of ConfigMaps that is read at once, in bytes, and ConfigMaps of one page of the live read. */
export const SCAN_CONFIG_MAP_BYTES = 256 * 1024 * 1024
export const SCAN_CONFIG_MAP_PAGE = 250
/** Packed bytes of a repository from which unique blobs are read rather than diffs (git makes 70 MB/s of diffs). */
export const SCAN_BLOB_MODE_PACK_BYTES = 64 * 1024 * 1024
/** A file of a tree, in bytes, that the scanner reads when nobody says otherwise; gitleaks knows no limit either. */
export const SCAN_FILE_BYTES = Number.MAX_SAFE_INTEGER
/** Bytes of a line that `redact` looks at together; of a longer one this much passes at a time. */
export const REDACT_WINDOW_BYTES = 256 * 1024
/** The end of an unfinished window that waits for what follows, in bytes: a secret on one line is shorter. */
export const REDACT_HELD_BYTES = 16 * 1024
/** Bytes of lines that have passed already and are looked at again with new ones: rules may span lines. */
export const REDACT_CONTEXT_BYTES = 4 * 1024
/** Lines of a private key that are masked when its end never comes: a 16,384-bit RSA key has 200. */
export const REDACT_KEY_LINES = 400
/** Characters of a scanner's TOML configuration: gitleaks' own has 130 KB. */
export const MAX_SCAN_CONFIG_BYTES = 8 * 1024 * 1024
