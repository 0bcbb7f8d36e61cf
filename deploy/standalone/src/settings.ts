// Settings of the composition root; each service adds its own.
import { resolve } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { type Environment, loadConfig, logLevels, metricsSettings } from '@slipway/service-kit'

export const standaloneSettings = Type.Object({
  dataDir: Type.String({
    default: './data',
    env: 'SLIPWAY_DATA_DIR',
    description: 'Embedded database, session logs, distributions, master key.',
  }),
  masterKey: Type.Optional(
    Type.String({
      env: 'SLIPWAY_MASTER_KEY',
      secret: true,
      description:
        '`k2:<base64>,k1:<base64>`, 32 bytes each: the first seals, all open. Made in the data directory if not set.',
    }),
  ),
  logDir: Type.Optional(
    Type.String({
      env: 'SLIPWAY_LOG_DIR',
      description: 'Session logs of jobs; default `logs` in the data directory.',
    }),
  ),
  logLevel: Type.Unsafe<(typeof logLevels)[number]>(
    Type.String({
      enum: [...logLevels],
      default: 'warn',
      env: 'LOG_LEVEL',
      description: 'From which level on log lines are written to standard error.',
    }),
  ),
  ...metricsSettings,
})
export type StandaloneSettings = Static<typeof standaloneSettings>

/** Reads them; the data directory becomes absolute. */
export function loadStandaloneSettings(env: Environment): StandaloneSettings {
  const settings = loadConfig(standaloneSettings, env)
  return { ...settings, dataDir: resolve(settings.dataDir) }
}
