import { inventoryMessages, type JumpHostInput, type RowResult } from '@slipway/contracts'
import type { ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { type NamedResource, namedRoutes, upsertRoute } from '../http/named-resource.ts'
import { jumpHostFields, parseJumpHost, renderJumpHost } from './jump-host-rows.ts'

/** Routes of jump hosts. */
export function jumpHostRoutes({ ask }: Backend): ApiRoute[] {
  const jumpHosts: NamedResource<JumpHostInput, RowResult> = {
    path: '/jump_hosts',
    listKey: 'jump_host_list',
    identity: jumpHostFields.name,
    parse: parseJumpHost,
    upsert: async (asker, rows) => (await ask(asker, inventoryMessages.upsertJumpHosts, { rows })).rows,
  }
  return [
    upsertRoute(jumpHosts),
    ...namedRoutes(jumpHosts, {
      list: async (asker, name) => {
        const { rows } = await ask(asker, inventoryMessages.listJumpHosts, name === undefined ? {} : { name })
        return rows.map(renderJumpHost)
      },
      remove: (asker, name) => ask(asker, inventoryMessages.deleteJumpHost, { name }),
    }),
  ]
}
