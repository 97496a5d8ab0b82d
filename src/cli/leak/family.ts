// leak: what a vault can tell about secrets that got out. API: sys/live-secrets, which is this server's own.
import type { Family } from '../command.ts'

export const leakFamily: Family = {
  name: 'leak',
  synopsis: 'Recognize leaked secrets and respond to them',
  about: [
    'A scanner fetches a filter of the live secrets of a namespace: truncated digests under a key of its own, from ' +
      'which no secret can be read. "scan --live-filter" then tells live secrets offline, each with an opaque id, ' +
      'and these commands say what an id stands for, to whoever may read that secret.',
  ],
  examples: [
    {
      does: 'Index the secrets of the namespace, and let a scanner in:',
      run: [
        '{} write sys/live-secrets/config enabled=true',
        '{} write -f sys/live-secrets/scanners/ci',
      ],
    },
    {
      does: 'Fetch its filter, and again later only what changed:',
      run: ['{} leak filter -scanner=ci'],
    },
    { does: 'Scan with it:', run: ['{} scan git --live-filter ~/.strongroom/live-secrets.filter'] },
    { does: 'What an id of a finding stands for:', run: ['{} leak lookup 9f86d081884c7d65'] },
    {
      does: 'Rotate it, and list who read it and where it lies:',
      run: ['{} leak respond -yes 9f86d081884c7d65'],
    },
  ],
}
