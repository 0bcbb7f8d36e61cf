// Settings of `npm run cluster`; those of the services pass through to them.
import { resolve } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { type Environment, type LogLevel, loadConfig, logLevels, Secret } from '@slipway/service-kit'

export const clusterSettings = Type.Object({
  host: Type.String({
    env: 'HOST',
    default: '127.0.0.1',
    description: 'Address on which the API is served.',
  }),
  port: Type.Integer({
    env: 'PORT',
    default: 5_000,
    minimum: 1,
    maximum: 65_535,
    description: 'Port of the API; the ports above it are taken for health and metrics of the processes.',
  }),
  dataDir: Type.String({
    default: './data',
    env: 'SLIPWAY_DATA_DIR',
    description: 'Embedded database, session logs, master key.',
  }),
  masterKey: Type.Optional(Secret({ env: 'SLIPWAY_MASTER_KEY', description: 'Keys of sealed credentials.' })),
  logDir: Type.Optional(
    Type.String({ env: 'SLIPWAY_LOG_DIR', description: 'Session logs, shared by all executors.' }),
  ),
  natsUrl: Type.Optional(
    Secret({ env: 'NATS_URL', description: 'A NATS of your own instead of a nats-server started here.' }),
  ),
  tlsCert: Type.Optional(Type.String({ env: 'TLS_CERT', description: 'The API is served over HTTPS.' })),
  publicUrl: Type.Optional(
    Type.String({ env: 'SLIPWAY_PUBLIC_URL', description: 'How users reach the API.' }),
  ),
  logLevel: Type.Unsafe<LogLevel>(
    Type.String({
      enum: [...logLevels],
      default: 'warn',
      env: 'LOG_LEVEL',
      description: 'On standard error.',
    }),
  ),
})
export type ClusterSettings = Static<typeof clusterSettings>

/** Reads them; folders become absolute. Error: CONFIG_INVALID. */
export function loadClusterSettings(env: Environment): ClusterSettings & { logDir: string } {
  const settings = loadConfig(clusterSettings, env)
  const dataDir = resolve(settings.dataDir)
  return { ...settings, dataDir, logDir: resolve(settings.logDir ?? `${dataDir}/logs`) }
}
