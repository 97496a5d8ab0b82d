// What a KV mount answers, as a table that any harness can replay: through HTTP in the API suite, on the
// engine alone beside it. Captured from and checked against OpenBao 2.6.2; steps marked `ours` are where we
// mean to differ (each stands in docs/compat.md) or add.
//
// Each fact starts on a new mount. `expectBody` is a part of the reply: members that are listed must be
// equal (null is null, lists are whole), others may be there. A text <…> matches by form: <time>, <any>.
import { dataFacts } from './kv-data-facts.ts'
import type { KvFact } from './kv-fact.ts'
import { metadataFacts } from './kv-metadata-facts.ts'
import { mountFacts, v1Facts } from './kv-mount-facts.ts'

export const kvFacts: readonly KvFact[] = [
  ...dataFacts,
  ...metadataFacts,
  ...mountFacts,
  ...v1Facts,
]
