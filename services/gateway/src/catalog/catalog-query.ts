// Parameters of the catalog's routes. Source: API guide, section 1.2; REST contract, section 6.
import { createError } from '@slipway/contracts'
import type { ApiCall } from '../http/api-route.ts'

/** `12-20-2015`, also `1-2-2016`; the whole string. */
const DATE = /^(\d{1,2})-(\d{1,2})-(\d{4})$/

/** A parameter that must be given. Error: INPUT_PARAMETER_MISSING. */
export function neededParameter({ query }: ApiCall, name: string): string {
  const value = query[name]?.trim()
  if (value === undefined) throw createError('INPUT_PARAMETER_MISSING', [name])
  return value
}

/** Platform and release. Error: INPUT_PARAMETER_MISSING. */
export function releaseParameters(call: ApiCall): { platform: string; release: string } {
  return { platform: neededParameter(call, 'platform'), release: neededParameter(call, 'release') }
}

/** `true` unless it says `false`. Error: INPUT_PARAMETER_INVALID. */
export function optimalParameter({ query }: ApiCall): boolean {
  const { optimal = 'true' } = query
  if (optimal === 'true' || optimal === 'false') return optimal === 'true'
  throw createError('INPUT_PARAMETER_INVALID', ['optimal', 'it must be true or false.'])
}

/** A day as `2015-12-20`; undefined if none is given. Error: INPUT_PARAMETER_INVALID. */
export function dateParameter({ query }: ApiCall): string | undefined {
  const { date } = query
  if (date === undefined) return undefined
  const [month = 0, day = 0, year = 0] = (DATE.exec(date)?.slice(1) ?? []).map(Number)
  const last = new Date(0)
  last.setUTCFullYear(year, month, 0)
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > last.getUTCDate()) {
    throw createError('INPUT_PARAMETER_INVALID', ['date', 'it must be a date in mm-dd-yyyy format.'])
  }
  const two = (value: number) => String(value).padStart(2, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** Names between commas, blanks around them dropped. Errors: INPUT_PARAMETER_MISSING, _EMPTY, _INVALID. */
export function packagesParameter(call: ApiCall): string[] {
  const names = neededParameter(call, 'software_packages')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw createError('INPUT_PARAMETER_EMPTY', ['software_packages'])
  if (names.some((name) => name.length > MAX_NAME_LENGTH)) {
    throw createError('INPUT_PARAMETER_INVALID', ['software_packages', 'a name is too long.'])
  }
  return names
}

/** Longer than any package is called. */
const MAX_NAME_LENGTH = 255
