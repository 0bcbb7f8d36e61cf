// Routes that change one job: run a failed one again, stop a running one. Source: REST contract, section 8.
import { createError, type InstallAction, schedulerMessages } from '@slipway/contracts'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Backend } from '../http/backend.ts'
import { success } from '../http/envelope.ts'
import { readJobId } from '../http/query.ts'
import { readWhen } from './install-rows.ts'

/** `POST /install/<id>/resubmit` and `POST /install/<id>/cancel`. */
export function jobChangeRoutes({ ask }: Backend): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/install/:id/resubmit',
      permission: 'install.manage',
      rows: 'optional',
      handle: async (call) => {
        const id = jobIdOf(call)
        const [when = {}, ...more] = call.rows
        if (more.length > 0) throw createError('INPUT_ONE_OBJECT')
        const scheduledTime = readWhen(when)
        const request = { id, ...(scheduledTime === undefined ? {} : { scheduledTime }) }
        return answer(id, await ask(call, schedulerMessages.resubmitJob, request))
      },
    },
    {
      method: 'POST',
      path: '/install/:id/cancel',
      permission: 'install.manage',
      handle: async (call) => {
        const id = jobIdOf(call)
        return answer(id, await ask(call, schedulerMessages.cancelJob, { id }))
      },
    },
  ]
}

/** The id in the path. Error: SCHEDULER_DELETE_JOB_NOT_FOUND, also for what is no number. */
function jobIdOf({ params }: ApiCall): number {
  const given = params['id'] ?? ''
  const id = readJobId(given)
  if (id === undefined || id === 0) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [given])
  return id
}

function answer(id: number, { hostname, action }: { hostname: string; action: InstallAction }) {
  return success({ status: 'SUCCESS', id, hostname, install_action: action })
}
