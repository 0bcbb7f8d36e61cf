// `npm run service -- <name> --help`: the settings of one service's process, from its schemas.
import type { TObject } from '@sinclair/typebox'
import type { Context } from '@slipway/contracts'
import { type ProcessSettingsOptions, processSettings } from './process-settings.ts'
import { describeConfig, type Setting } from './settings.ts'

/** The page as text. */
export function serviceHelp(name: Context, schema: TObject, options: ProcessSettingsOptions): string {
  const prefix = name.toUpperCase()
  const settings = [
    ...describeConfig(processSettings(options), { prefix }),
    ...describeConfig(schema, { prefix }),
  ]
  const width = Math.max(...settings.map(({ variable }) => variable.length))
  const lines = settings.map((setting) => `  ${setting.variable.padEnd(width)}  ${describe(setting)}`)
  return `The ${name} service as its own process. Settings (environment):\n\n${lines.join('\n')}\n`
}

function describe({ description, required, default: value }: Setting): string {
  if (required) return `(needed) ${description}`
  return value === undefined || value === '' ? description : `${description} Default: ${value}.`
}
