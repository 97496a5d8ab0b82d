// config: the mount-wide settings of KV v2.
import { formatDuration } from '../../base/duration.ts'
import { boolean, integer, signedDuration, string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { CONFIG_KEY, configFrom, type KvConfig, readConfig } from './config.ts'
import { checkMaxVersions } from './key-record.ts'

const { read, write } = endpoints()

export const configRows = [
  read('config', {
    about: 'Shows the settings that apply to every key of the mount.',
    effects: false,
    output: {
      cas_required: boolean('Whether every write must say which version it replaces.'),
      delete_version_after: string('Life of a version; "0s": unlimited; negative: turned off.'),
      max_versions: integer('Versions that each key keeps; 0: ten.'),
      metadata_cas_required: boolean('Whether changes of metadata must say what they replace.'),
    },
    handle: async (ctx) => {
      const config = await readConfig(ctx.storage)
      return {
        data: {
          cas_required: config.casRequired,
          delete_version_after: formatDuration(config.deleteAfterSeconds),
          max_versions: config.maxVersions,
          metadata_cas_required: config.metadataCasRequired,
        },
      }
    },
  }),
  write('config', {
    about: 'Changes the settings that apply to every key of the mount.',
    input: {
      cas_required: boolean('Every write must send options.cas.'),
      delete_version_after: signedDuration(
        'Life of a version; 0 takes the setting back, a negative value turns expiry off for all keys.',
      ),
      max_versions: integer('Versions that each key keeps; 0: ten.'),
      metadata_cas_required: boolean('Every change of metadata must send metadata_cas.'),
    },
    handle: async (ctx, sent) => {
      checkMaxVersions(sent.max_versions)
      if (Object.values(sent).every((value) => value === undefined)) return { empty: true }
      await ctx.storage.transaction(async (tx) => {
        const before = configFrom(await tx.get(CONFIG_KEY))
        const expiry = sent.delete_version_after ?? before.deleteAfterSeconds
        const config: KvConfig = {
          casRequired: sent.cas_required ?? before.casRequired,
          deleteAfterSeconds: expiry < 0 ? -1 : expiry,
          maxVersions: sent.max_versions ?? before.maxVersions,
          metadataCasRequired: sent.metadata_cas_required ?? before.metadataCasRequired,
        }
        tx.put(CONFIG_KEY, { json: config })
      })
      return { empty: true }
    },
  }),
]
