import { inventoryMessages, type ReplyOf, type RepositoryInput } from '@slipway/contracts'
import type { ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { type NamedResource, namedRoutes, upsertRoute } from '../http/named-resource.ts'
import { echoOf } from '../rows/json-row.ts'
import { parseRepository, renderRepository, repositoryFields } from './server-repository-rows.ts'

/** The result of a row carries the server type as stored. */
type RepositoryResult = ReplyOf<typeof inventoryMessages.upsertRepositories>['rows'][number]

/** Routes of server repositories. Answer rows also tell the server type, where there is one. */
export function serverRepositoryRoutes({ ask }: Backend): ApiRoute[] {
  const repositories: NamedResource<RepositoryInput, RepositoryResult> = {
    path: '/server_repositories',
    listKey: 'server_repository_list',
    identity: repositoryFields.name,
    parse: parseRepository,
    upsert: async (asker, rows) => (await ask(asker, inventoryMessages.upsertRepositories, { rows })).rows,
    describe: ({ row, result }) => {
      const serverType = result?.serverType ?? echoOf(row, 'server_type')
      return serverType === '' ? {} : { server_type: serverType }
    },
  }
  return [
    upsertRoute(repositories),
    ...namedRoutes(repositories, {
      list: async (asker, name) => {
        const { rows } = await ask(
          asker,
          inventoryMessages.listRepositories,
          name === undefined ? {} : { name },
        )
        return rows.map(renderRepository)
      },
      remove: (asker, name) => ask(asker, inventoryMessages.deleteRepository, { name }),
    }),
  ]
}
