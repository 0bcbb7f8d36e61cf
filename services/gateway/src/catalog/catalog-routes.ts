// Routes of the software catalog. Source: API guide, section 1.2; REST contract, sections 6 and 8.
import { catalogMessages, createError } from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { success } from '../http/envelope.ts'
import { readJobId } from '../http/query.ts'
import { text } from '../rows/field.ts'
import { readRow } from '../rows/read-row.ts'
import { createAnswers } from './catalog-answers.ts'
import { dateParameter, optimalParameter, packagesParameter, releaseParameters } from './catalog-query.ts'
import { renderDetail, renderImport, renderSoftware } from './catalog-rows.ts'

/** Keys of POST /cco/import. */
const importFields = { source: text('source', { role: 'kept', maxLength: 1_000 }) } as const

/** Routes of the software catalog. */
export function catalogRoutes(backend: Backend, clock: Clock): ApiRoute[] {
  return [...softwareRoutes(backend, clock), ...importRoutes(backend)]
}

function softwareRoutes({ ask }: Backend, clock: Clock): ApiRoute[] {
  const answers = createAnswers(() => clock.monotonicMs())
  return [
    {
      method: 'GET',
      path: '/cco/catalog',
      permission: 'read',
      handle: async (call) => {
        const body = await answers.get('platforms', async () => {
          const { platforms } = await ask(call, catalogMessages.listPlatforms, {})
          const byName = Object.fromEntries(platforms.map(({ name, releases }) => [name, releases]))
          return { version: '', value: byName }
        })
        return { status: 200, body }
      },
    },
    {
      method: 'GET',
      path: '/cco/software',
      permission: 'read',
      query: ['platform', 'release', 'date', 'optimal'],
      handle: async (call) => {
        const since = dateParameter(call)
        const question = {
          ...releaseParameters(call),
          optimal: optimalParameter(call),
          ...(since === undefined ? {} : { since }),
        }
        const key = JSON.stringify([question.platform, question.release, question.optimal, since])
        const body = await answers.get(key, async (known) => {
          const asked = { ...question, ...(known === undefined ? {} : { known }) }
          const { version, rows } = await ask(call, catalogMessages.listSoftware, asked)
          const value = rows === undefined ? undefined : { software_list: rows.map(renderSoftware) }
          return { version, value }
        })
        return { status: 200, body }
      },
    },
    {
      method: 'GET',
      path: '/cco/software/:name',
      permission: 'read',
      query: ['platform', 'release'],
      handle: async (call) => {
        const asked = { ...releaseParameters(call), nameOrId: (call.params['name'] ?? '').trim() }
        return success(renderDetail(await ask(call, catalogMessages.findSoftware, asked)))
      },
    },
    {
      method: 'GET',
      path: '/cco/get_optimized_software',
      permission: 'read',
      query: ['software_packages'],
      handle: async (call) => {
        const names = packagesParameter(call)
        const { rows } = await ask(call, catalogMessages.optimizeSoftware, { names })
        const list = rows.map(({ name, role, description }) => ({
          software_package: name,
          is: role,
          description,
        }))
        return success({ software_list: list })
      },
    },
  ]
}

function importRoutes({ ask }: Backend): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/cco/import',
      permission: 'catalog.import',
      rows: true,
      handle: async (call) => {
        const { id } = await ask(call, catalogMessages.startImport, readImport(call))
        return { ...success({ status: 'SUCCESS', id }), status: 202 }
      },
    },
    {
      method: 'GET',
      path: '/cco/import/:id',
      permission: 'read',
      handle: async (call) => {
        const given = call.params['id'] ?? ''
        const id = readJobId(given)
        if (id === undefined || id === 0) throw createError('CATALOG_IMPORT_NOT_FOUND', [given])
        return success(renderImport(await ask(call, catalogMessages.findImport, { id })))
      },
    },
  ]
}

/** One object; without `source` it is the source that is imported daily. */
function readImport({ rows }: ApiCall): { source?: string } {
  const [row = {}, ...more] = rows
  if (more.length > 0) throw createError('INPUT_NOT_OBJECTS')
  const { source } = readRow(row, importFields)
  if (source === undefined) return {}
  if (source.trim() === '') throw createError('ROW_KEY_MISSING', ['source'])
  return { source }
}
