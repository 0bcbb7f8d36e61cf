import { inventoryMessages, type RegionInput, type RowResult } from '@slipway/contracts'
import type { ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { type NamedResource, namedRoutes, upsertRoute } from '../http/named-resource.ts'
import { parseRegion, regionFields, renderRegion } from './region-rows.ts'

/** Routes of regions. */
export function regionRoutes({ ask }: Backend): ApiRoute[] {
  const regions: NamedResource<RegionInput, RowResult> = {
    path: '/regions',
    listKey: 'region_list',
    identity: regionFields.name,
    parse: parseRegion,
    upsert: async (asker, rows) => (await ask(asker, inventoryMessages.upsertRegions, { rows })).rows,
  }
  return [
    upsertRoute(regions),
    ...namedRoutes(regions, {
      list: async (asker, name) => {
        const { rows } = await ask(asker, inventoryMessages.listRegions, name === undefined ? {} : { name })
        return rows.map(renderRegion)
      },
      remove: (asker, name) => ask(asker, inventoryMessages.deleteRegion, { name }),
    }),
  ]
}
