// The only list of plugins. A new engine is one folder and one line here.
import { fileAudit } from './audit/file/file-device.ts'
import { socketAudit } from './audit/socket/socket-device.ts'
import { syslogAudit } from './audit/syslog/syslog-device.ts'
import { aws } from './engines/aws/aws.ts'
import { database } from './engines/database/database.ts'
import { kv } from './engines/kv/kv.ts'
import { pki } from './engines/pki/pki.ts'
import { transit } from './engines/transit/transit.ts'
import type { AuditPlugin } from './sdk/audit.ts'
import type { Engine } from './sdk/plugin.ts'

export const engines: readonly Engine[] = [aws, database, kv, pki, transit]

export const auditPlugins: readonly AuditPlugin[] = [fileAudit, syslogAudit, socketAudit]
