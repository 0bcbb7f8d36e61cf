// Routes of users. Source: REST contract, section 8.
import { authMessages, createError, type RowResult, type UserInput } from '@slipway/contracts'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { success } from '../http/envelope.ts'
import { type NamedResource, namedRoutes, upsertRoute } from '../http/named-resource.ts'
import { identifyUser, parseNewPassword, parseUser, renderUser, userFields } from './user-rows.ts'

/** Routes of users. */
export function userRoutes(backend: Backend): ApiRoute[] {
  const { ask } = backend
  const users: NamedResource<UserInput, RowResult> = {
    path: '/users',
    listKey: 'user_list',
    identity: userFields.username,
    identify: identifyUser,
    permissions: { change: 'user.manage', read: 'user.manage' },
    parse: parseUser,
    upsert: async (asker, rows) => (await ask(asker, authMessages.upsertUsers, { rows })).rows,
  }
  return [
    upsertRoute(users),
    ...namedRoutes(users, {
      list: async (asker, username) => {
        const question = username === undefined ? {} : { username }
        return (await ask(asker, authMessages.listUsers, question)).rows.map(renderUser)
      },
      remove: async (asker, username) => (await ask(asker, authMessages.deleteUser, { username })).username,
    }),
    {
      method: 'POST',
      path: '/users/me/password',
      // Everybody who may do anything may read.
      permission: 'read',
      rows: true,
      handle: (call) => changePassword(backend, call),
    },
  ]
}

async function changePassword({ ask }: Backend, call: ApiCall) {
  const [row, ...others] = call.rows
  if (row === undefined || others.length > 0) throw createError('INPUT_ONE_OBJECT')
  const passwords = parseNewPassword(row)
  await ask(call, authMessages.changeOwnPassword, { ...passwords, address: call.address })
  return success({ status: 'SUCCESS', username: call.caller.username })
}
