// operator rekey and rotate-keys: new key shares, without and with a token.
// API: sys/rekey and sys/rotate/root, which are the same steps.
import { defineCommand } from '../command.ts'
import { type ShareApi, ShareChange, shareFlags } from './share-change.ts'

const REKEY: ShareApi = {
  command: 'rekey',
  noun: 'rekey',
  barrier: 'sys/rekey',
  recovery: 'sys/rekey-recovery-key',
  barrierBackup: 'sys/rekey/backup',
  recoveryBackup: 'sys/rekey/recovery-key-backup',
  startMethod: 'PUT',
}
const ROTATE_KEYS: ShareApi = {
  command: 'rotate-keys',
  noun: 'rotation',
  barrier: 'sys/rotate/root',
  recovery: 'sys/rotate/recovery',
  barrierBackup: 'sys/rotate/root/backup',
  recoveryBackup: 'sys/rotate/recovery/backup',
  startMethod: 'POST',
}

const ABOUT = [
  'Makes new key shares when enough holders of the old ones agree; the number of shares can change. Nothing ' +
    'stops while it goes on.',
  'A share can be given as the argument (with -nonce), on standard input ("-"), or typed on the terminal.',
]

const examples = (command: string) => [
  {
    does: 'Start, for 15 shares of which 9 are needed:',
    run: [`{} operator ${command} -init -n 15 -t 9`],
  },
  { does: 'Enter a share, each holder in turn:', run: [`{} operator ${command}`] },
  { does: 'How far it is:', run: [`{} operator ${command} -status`] },
]

export const operatorRekey = defineCommand({
  name: 'operator rekey',
  synopsis: 'Make new key shares',
  usage: '[options] [KEY]',
  about: ABOUT,
  examples: examples('rekey'),
  flags: shareFlags,
  arity: { min: 0, max: 1 },
  run: async (context) => new ShareChange(context, REKEY, await context.client()).run(),
})

export const operatorRotateKeys = defineCommand({
  name: 'operator rotate-keys',
  synopsis: 'Make new key shares, with a token',
  usage: '[options] [KEY]',
  about: [...ABOUT, 'Unlike rekey it takes a token with rights on sys/rotate.'],
  examples: examples('rotate-keys'),
  flags: shareFlags,
  arity: { min: 0, max: 1 },
  run: async (context) => new ShareChange(context, ROTATE_KEYS, await context.client()).run(),
})
