// What a service that runs alone (cluster shape) is told beside its own settings: where bus and database are, and
// where its own HTTP is. The same for every service.
import { type Static, type TObject, Type } from '@sinclair/typebox'
import type { Context } from '@slipway/contracts'
import { type Environment, loadConfig } from './config.ts'
import { type LogLevel, logLevels } from './logger.ts'
import { metricsSettings } from './metrics-server.ts'
import { Secret } from './settings.ts'

export interface ProcessSettingsOptions {
  /** Port of its HTTP; undefined: none unless it is set (the gateway has a port of the API besides). */
  defaultPort: number | undefined
  hasDatabase: boolean
}

const natsSettings = {
  natsUrl: Type.String({
    env: 'NATS_URL',
    minLength: 1,
    secret: true,
    description: '`nats://host:4222`, `tls://user:password@host`; several separated by commas.',
  }),
  natsUser: Type.Optional(
    Type.String({ env: 'NATS_USER', description: 'User at NATS, if it does not stand in NATS_URL.' }),
  ),
  natsPassword: Type.Optional(Secret({ env: 'NATS_PASSWORD', description: 'Password of NATS_USER.' })),
  natsToken: Type.Optional(Secret({ env: 'NATS_TOKEN', description: 'Token instead of user and password.' })),
  natsCredsFile: Type.Optional(
    Type.String({
      env: 'NATS_CREDS_FILE',
      description: 'Credentials file (JWT and seed) as nsc writes it; may be renewed while running.',
    }),
  ),
  natsNkeyFile: Type.Optional(
    Type.String({
      env: 'NATS_NKEY_FILE',
      description: 'File with an NKey seed; may be renewed while running.',
    }),
  ),
  natsTlsCa: Type.Optional(
    Type.String({
      env: 'NATS_TLS_CA',
      description: 'PEM file: who signed the certificate of NATS. Any of the three asks for TLS.',
    }),
  ),
  natsTlsCert: Type.Optional(
    Type.String({ env: 'NATS_TLS_CERT', description: 'PEM file: our own certificate for NATS.' }),
  ),
  natsTlsKey: Type.Optional(
    Type.String({ env: 'NATS_TLS_KEY', description: 'PEM file: the private key of NATS_TLS_CERT.' }),
  ),
}

const commonSettings = {
  instance: Type.String({
    env: 'SLIPWAY_INSTANCE',
    default: '',
    maxLength: 64,
    description: 'Tells replicas of a service apart in logs, e.g. `scheduler-2`.',
  }),
  logLevel: Type.Unsafe<LogLevel>(
    Type.String({
      enum: [...logLevels],
      default: 'info',
      env: 'LOG_LEVEL',
      description: 'From which level on log lines are written to standard output.',
    }),
  ),
}

/** The settings of a service's process; variables without an `env` of their own are named <SERVICE>_…. */
export function processSettings({ defaultPort, hasDatabase }: ProcessSettingsOptions) {
  const port = Type.Integer({
    minimum: 0,
    maximum: 65_535,
    ...(defaultPort === undefined ? {} : { default: defaultPort }),
    description:
      'Port of the internal HTTP: /healthz, /readyz, /metrics (to this machine only), byte routes; 0 takes a free one.',
  })
  // The gateway's HOST is the address of the API, open to users; its internal HTTP stays apart.
  const host = Type.String({
    ...(defaultPort === undefined ? {} : { env: 'HOST' }),
    default: '127.0.0.1',
    description: 'Address of the internal HTTP.',
  })
  const databaseUrl = Secret({
    minLength: 1,
    description: '`postgresql://user:password@host:5432/database`.',
  })
  return Type.Object({
    ...natsSettings,
    ...commonSettings,
    ...metricsSettings,
    host,
    port: defaultPort === undefined ? Type.Optional(port) : port,
    databaseUrl: hasDatabase ? databaseUrl : Type.Optional(databaseUrl),
  })
}

export type ProcessSettings = Static<ReturnType<typeof processSettings>>

/** Reads them. Error: CONFIG_INVALID. */
export function loadProcessSettings(
  service: Context,
  options: ProcessSettingsOptions,
  env: Environment,
): ProcessSettings {
  // Optional or not differs by service; read, both are the same.
  const schema: TObject = processSettings(options)
  return loadConfig(schema, env, { prefix: service.toUpperCase() }) as ProcessSettings
}
