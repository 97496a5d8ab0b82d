// The groups "kv" and "kv metadata".
// Groups only have help; what they do is in the commands inside them.
import type { Family } from '../command.ts'

export const kvFamily: Family = {
  name: 'kv',
  synopsis: 'Work with the key-value secrets engine',
  about: [
    'Reads and writes secrets of key-value engines of both versions. The mount is named with -mount, or is ' +
      'the beginning of the path.',
  ],
  examples: [
    {
      does: 'Store a secret:',
      run: ['{} kv put -mount=secret app/db username=myapp password=s3cret'],
    },
    { does: 'Read it:', run: ['{} kv get -mount=secret app/db'] },
    { does: 'Only the password:', run: ['{} kv get -mount=secret -field=password app/db'] },
    { does: 'An older version:', run: ['{} kv get -mount=secret -version=1 app/db'] },
  ],
}

export const kvMetadataFamily: Family = {
  name: 'kv metadata',
  synopsis: 'Work with the metadata of secrets',
  about: [
    'Reads and changes what is kept about a secret of a version 2 engine besides its values.',
  ],
  examples: [
    {
      does: 'Keep at most five versions:',
      run: ['{} kv metadata put -mount=secret -max-versions=5 app/db'],
    },
    { does: 'All versions and their times:', run: ['{} kv metadata get -mount=secret app/db'] },
    {
      does: 'Delete a secret with all its versions:',
      run: ['{} kv metadata delete -mount=secret app/db'],
    },
  ],
}
