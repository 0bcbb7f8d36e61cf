import { inventoryMessages, type ProfileInput, type RowResult } from '@slipway/contracts'
import type { ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { type NamedResource, namedRoutes, upsertRoute } from '../http/named-resource.ts'
import { parseProfile, profileFields, renderProfile } from './command-profile-rows.ts'

/** Routes of custom command profiles. */
export function commandProfileRoutes({ ask }: Backend): ApiRoute[] {
  const profiles: NamedResource<ProfileInput, RowResult> = {
    path: '/custom_command_profiles',
    listKey: 'custom_command_profile_list',
    identity: profileFields.name,
    parse: parseProfile,
    upsert: async (asker, rows) => (await ask(asker, inventoryMessages.upsertProfiles, { rows })).rows,
  }
  return [
    upsertRoute(profiles),
    ...namedRoutes(profiles, {
      list: async (asker, name) => {
        const { rows } = await ask(asker, inventoryMessages.listProfiles, name === undefined ? {} : { name })
        return rows.map(renderProfile)
      },
      remove: (asker, name) => ask(asker, inventoryMessages.deleteProfile, { name }),
    }),
  ]
}
