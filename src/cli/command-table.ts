// All commands by name, each loaded only when it is called. `names` says under which program names a
// command exists where it is not all of them.
import type { AnyCommand, Family } from './command.ts'
import type { CalledAs } from './environment.ts'

export interface Entry {
  readonly name: string
  readonly load: () => Promise<AnyCommand | Family>
  readonly names?: readonly CalledAs[]
  /** Left out of help, as Vault's version command is. */
  readonly isHidden?: boolean
}

const command = (
  name: string,
  load: () => Promise<AnyCommand | Family>,
  rest: Omit<Entry, 'name' | 'load'> = {},
): Entry => ({ name, load, ...rest })

const ALIASES: readonly CalledAs[] = ['vault', 'bao']

const kv = (name: string, load: Entry['load']): Entry => command(`kv ${name}`, load)

export const ENTRIES: readonly Entry[] = [
  command('read', async () => (await import('./read.ts')).read),
  command('write', async () => (await import('./write.ts')).write),
  command('patch', async () => (await import('./write.ts')).patch),
  command('delete', async () => (await import('./delete.ts')).remove),
  command('list', async () => (await import('./list.ts')).list),
  command('scan', async () => (await import('./list.ts')).scan, { names: ALIASES }),
  command('scan', async () => (await import('./scan-command.ts')).scanCommand, {
    names: ['strongroom'],
  }),
  command('redact', async () => (await import('./redact-command.ts')).redactCommand, {
    names: ['strongroom'],
  }),
  command('login', async () => (await import('./login.ts')).login),
  command('unwrap', async () => (await import('./unwrap.ts')).unwrap),
  command('server', async () => (await import('./server-command.ts')).serverCommand),
  command('status', async () => (await import('./status.ts')).status),
  command('kv', async () => (await import('./kv/family.ts')).kvFamily),
  kv('get', async () => (await import('./kv/get.ts')).kvGet),
  kv('put', async () => (await import('./kv/put.ts')).kvPut),
  kv('patch', async () => (await import('./kv/patch.ts')).kvPatch),
  kv('delete', async () => (await import('./kv/delete.ts')).kvDelete),
  kv('undelete', async () => (await import('./kv/versions.ts')).kvUndelete),
  kv('destroy', async () => (await import('./kv/versions.ts')).kvDestroy),
  kv('rollback', async () => (await import('./kv/rollback.ts')).kvRollback),
  kv('list', async () => (await import('./kv/list.ts')).kvList),
  command('kv scan', async () => (await import('./kv/list.ts')).kvScan, { names: ALIASES }),
  kv(
    'enable-versioning',
    async () => (await import('./kv/enable-versioning.ts')).kvEnableVersioning,
  ),
  kv('metadata', async () => (await import('./kv/family.ts')).kvMetadataFamily),
  kv('metadata get', async () => (await import('./kv/metadata-get.ts')).kvMetadataGet),
  kv('metadata put', async () => (await import('./kv/metadata-write.ts')).kvMetadataPut),
  kv('metadata patch', async () => (await import('./kv/metadata-write.ts')).kvMetadataPatch),
  kv('metadata delete', async () => (await import('./kv/metadata-delete.ts')).kvMetadataDelete),
  command('leak', async () => (await import('./leak/family.ts')).leakFamily),
  command('leak filter', async () => (await import('./leak/filter.ts')).leakFilter),
  command('leak lookup', async () => (await import('./leak/lookup.ts')).leakLookup),
  command('leak respond', async () => (await import('./leak/respond.ts')).leakRespond),
  command('pki', async () => (await import('./pki/family.ts')).pkiFamily),
  command('pki health-check', async () => (await import('./pki/health-check.ts')).pkiHealthCheck),
  command('pki issue', async () => (await import('./pki/issue.ts')).pkiIssue),
  command(
    'pki list-intermediates',
    async () => (await import('./pki/list-intermediates.ts')).pkiListIntermediates,
  ),
  command('pki reissue', async () => (await import('./pki/reissue.ts')).pkiReissue),
  command('pki verify-sign', async () => (await import('./pki/verify-sign.ts')).pkiVerifySign),
  command('policy', async () => (await import('./policy.ts')).policyFamily),
  command('policy list', async () => (await import('./policy.ts')).policyList),
  command('policy read', async () => (await import('./policy.ts')).policyRead),
  command('policy write', async () => (await import('./policy.ts')).policyWrite),
  command('policy delete', async () => (await import('./policy.ts')).policyDelete),
  command('policy fmt', async () => (await import('./policy-fmt.ts')).policyFmt),
  command('token', async () => (await import('./token/family.ts')).tokenFamily),
  command('token create', async () => (await import('./token/create.ts')).tokenCreate),
  command('token lookup', async () => (await import('./token/lookup.ts')).tokenLookup),
  command('token renew', async () => (await import('./token/renew.ts')).tokenRenew),
  command('token revoke', async () => (await import('./token/revoke.ts')).tokenRevoke),
  command(
    'token capabilities',
    async () => (await import('./token/capabilities.ts')).tokenCapabilities,
  ),
  command('operator', async () => (await import('./operator/family.ts')).operatorFamily),
  command('operator init', async () => (await import('./operator/init.ts')).operatorInit),
  command('operator unseal', async () => (await import('./operator/unseal.ts')).operatorUnseal),
  command('operator validate-config', async () => {
    const { validateConfigCommand } = await import('./operator/config-checks.ts')
    return validateConfigCommand(async () => (await import('../server-checks.ts')).validateConfig)
  }),
  command('operator diagnose', async () => {
    const { diagnoseCommand } = await import('./operator/config-checks.ts')
    return diagnoseCommand(async () => (await import('../server-checks.ts')).diagnose)
  }),
  command('operator seal', async () => (await import('./operator/seal.ts')).operatorSeal),
  command('operator step-down', async () => (await import('./operator/seal.ts')).operatorStepDown),
  command('operator rotate', async () => (await import('./operator/rotate.ts')).operatorRotate),
  command(
    'operator key-status',
    async () => (await import('./operator/rotate.ts')).operatorKeyStatus,
  ),
  command(
    'operator generate-root',
    async () => (await import('./operator/generate-root.ts')).operatorGenerateRoot,
  ),
  command('operator rekey', async () => (await import('./operator/rekey.ts')).operatorRekey),
  command(
    'operator rotate-keys',
    async () => (await import('./operator/rekey.ts')).operatorRotateKeys,
  ),
  command('operator members', async () => (await import('./operator/members.ts')).operatorMembers),
  command('secrets', async () => (await import('./mounts/family.ts')).secretsFamily),
  command('secrets enable', async () => (await import('./mounts/secrets.ts')).secretsEnable),
  command('secrets disable', async () => (await import('./mounts/secrets.ts')).secretsDisable),
  command('secrets list', async () => (await import('./mounts/secrets.ts')).secretsList),
  command('secrets tune', async () => (await import('./mounts/secrets.ts')).secretsTune),
  command('secrets move', async () => (await import('./mounts/move.ts')).secretsMove),
  command('auth', async () => (await import('./mounts/family.ts')).authFamily),
  command('auth enable', async () => (await import('./mounts/auth.ts')).authEnable),
  command('auth disable', async () => (await import('./mounts/auth.ts')).authDisable),
  command('auth list', async () => (await import('./mounts/auth.ts')).authList),
  command('auth tune', async () => (await import('./mounts/auth.ts')).authTune),
  command('auth move', async () => (await import('./mounts/move.ts')).authMove),
  command('auth help', async () => (await import('./mounts/auth-help.ts')).authHelp),
  command('audit', async () => (await import('./audit.ts')).auditFamily),
  command('audit enable', async () => (await import('./audit.ts')).auditEnable),
  command('audit disable', async () => (await import('./audit.ts')).auditDisable),
  command('audit list', async () => (await import('./audit.ts')).auditList),
  command('audit verify', async () => (await import('./audit-verify.ts')).auditVerify),
  command('audit forget-heads', async () => (await import('./audit-forget.ts')).auditForgetHeads),
  command('lease', async () => (await import('./lease.ts')).leaseFamily),
  command('lease lookup', async () => (await import('./lease.ts')).leaseLookup),
  command('lease renew', async () => (await import('./lease.ts')).leaseRenew),
  command('lease revoke', async () => (await import('./lease.ts')).leaseRevoke),
  command('rotation', async () => (await import('./rotation.ts')).rotationFamily),
  command('rotation list', async () => (await import('./rotation.ts')).rotationList),
  command('rotation read', async () => (await import('./rotation.ts')).rotationRead),
  command('rotation history', async () => (await import('./rotation.ts')).rotationHistory),
  command('rotation rotate', async () => (await import('./rotation.ts')).rotationRotate),
  command('rotation pause', async () => (await import('./rotation.ts')).rotationPause),
  command('rotation freeze', async () => (await import('./rotation.ts')).rotationFreeze),
  command('rotation resume', async () => (await import('./rotation.ts')).rotationResume),
  command('transit', async () => (await import('./transit-import.ts')).transitFamily),
  command('transit import', async () => (await import('./transit-import.ts')).transitImport),
  command(
    'transit import-version',
    async () => (await import('./transit-import.ts')).transitImportVersion,
  ),
  command('namespace', async () => (await import('./namespace.ts')).namespaceFamily),
  command('namespace create', async () => (await import('./namespace.ts')).namespaceCreate),
  command('namespace delete', async () => (await import('./namespace.ts')).namespaceDelete),
  command('namespace list', async () => (await import('./namespace.ts')).namespaceList),
  command('namespace scan', async () => (await import('./namespace.ts')).namespaceScan, {
    names: ALIASES,
  }),
  command('namespace lookup', async () => (await import('./namespace.ts')).namespaceLookup),
  command('namespace patch', async () => (await import('./namespace.ts')).namespacePatch),
  command('namespace lock', async () => (await import('./namespace.ts')).namespaceLock),
  command('namespace unlock', async () => (await import('./namespace.ts')).namespaceUnlock),
  command('path-help', async () => (await import('./path-help.ts')).pathHelp),
  command('print', async () => (await import('./print-token.ts')).printFamily),
  command('print token', async () => (await import('./print-token.ts')).printToken),
  command('version', async () => (await import('./version.ts')).version, { isHidden: true }),
  command('version-history', async () => (await import('./version-history.ts')).versionHistory),
  command('monitor', async () => (await import('./monitor.ts')).monitor),
  command('install-names', async () => (await import('./install-names.ts')).installNames),
  command('completion', async () => (await import('./completion/command.ts')).completion),
]

/** The entries that exist under a program name. */
export function entriesFor(called: CalledAs): readonly Entry[] {
  return ENTRIES.filter((entry) => entry.names === undefined || entry.names.includes(called))
}
