// `strongroom/database`: pools for applications, whose database credentials come from Strongroom and change
// under load without a failed query. Drivers are handed in, none is loaded from here.
// How to use it: docs/applications.md.
export type { RotationEvents } from './generations.ts'
export {
  type MysqlClient,
  type MysqlPool,
  mysqlPool,
  type RotatingMysqlPool,
} from './mysql-pool.ts'
export { type PgClient, type PgPool, pgPool, type RotatingPgPool } from './pg-pool.ts'
export { type RedisClient, type RotatingRedis, redisClient } from './redis-client.ts'
export type { RotationOptions } from './rotating-options.ts'
export { type ServerOptions, ServerRefusal, ServerUnavailable } from './server-calls.ts'
export type { TokenOption } from './token-source.ts'
