// Distributions as JSON: list, delete, links, history. Their bytes: see the plugins of byteRoutes.
import { createError, distributionMessages, maxLinkLifetimeS, maxLinkUses } from '@slipway/contracts'
import type { ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { success } from '../http/envelope.ts'
import type { JsonRow } from '../rows/json-row.ts'

/** @param publicUrl how devices and agents reach this server, without a slash at its end */
export function distributionRoutes(backend: Backend, publicUrl: string): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/distributions',
      permission: 'read',
      async handle(call) {
        const { rows } = await backend.ask(call, distributionMessages.list, {})
        const list = rows.map(({ publishedAt, publishedBy, ...row }) => ({
          ...row,
          published_time: rfc1123(publishedAt),
          published_by: publishedBy,
        }))
        return success({ distribution_list: list })
      },
    },
    {
      method: 'DELETE',
      path: '/distributions/:directory/:file',
      permission: 'distribution.publish',
      async handle(call) {
        const name = nameOf(call.params)
        await backend.ask(call, distributionMessages.remove, name)
        return success({ status: 'SUCCESS', ...name })
      },
    },
    {
      method: 'GET',
      path: '/distributions/:directory/:file/activity',
      permission: 'read',
      async handle(call) {
        const { rows } = await backend.ask(call, distributionMessages.listActivity, nameOf(call.params))
        return success({ activity_list: rows.map(({ at, ...row }) => ({ time: rfc1123(at), ...row })) })
      },
    },
    {
      method: 'POST',
      path: '/distributions/:directory/:file/links',
      permission: 'distribution.publish',
      rows: true,
      async handle(call) {
        const terms = linkTerms(call.rows)
        const name = nameOf(call.params)
        const { path, expiresAt } = await backend.ask(call, distributionMessages.createLink, {
          ...name,
          ...terms,
        })
        return success({
          status: 'SUCCESS',
          url: `${publicUrl}${path}`,
          expires_time: rfc1123(expiresAt),
          uses: terms.uses,
        })
      },
    },
  ]
}

function nameOf({ directory = '', file = '' }: Readonly<Record<string, string>>) {
  return { directory, file }
}

const rfc1123 = (moment: string) => new Date(moment).toUTCString()

/** `{expires_in, uses}` in seconds and downloads; an hour and one if not said. */
function linkTerms(rows: readonly JsonRow[]): { expiresInS: number; uses: number } {
  const [row = {}, ...others] = rows
  if (others.length > 0) throw createError('ROW_INVALID_VALUE', ['body', 'it must be one object.'])
  const [unknown] = Object.keys(row).filter((key) => key !== 'expires_in' && key !== 'uses')
  if (unknown !== undefined) throw createError('ROW_KEY_UNKNOWN', [unknown])
  return {
    expiresInS: wholeNumber(row, 'expires_in', 3_600, maxLinkLifetimeS),
    uses: wholeNumber(row, 'uses', 1, maxLinkUses),
  }
}

function wholeNumber(row: JsonRow, key: string, absent: number, most: number): number {
  const value = row[key] ?? absent
  if (typeof value !== 'number') throw createError('ROW_WRONG_TYPE', [key, 'a number'])
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw createError('ROW_INVALID_VALUE', [key, `it must be a whole number from 1 to ${most}.`])
  }
  return value
}
