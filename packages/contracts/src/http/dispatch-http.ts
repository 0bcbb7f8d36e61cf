// Dispatch switches as the HTTP API shows them. Source: REST contract, section 8.
import { Type } from '@sinclair/typebox'
import { switchScopes } from '../scheduler.ts'
import { choice, listOf, named, rowAnswers, rowsBody, text } from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

const path = '/api/v1/dispatch'
const scope = choice('What is paused: everything, a region, a host.', switchScopes)
const paused = Type.Boolean({ description: 'True: nothing new is started; what runs goes on.' })
const reason = text('Why, for people; at most 200 characters.', 'core maintenance')

const SwitchInput = named(
  'DispatchSwitchInput',
  Type.Object(
    {
      scope,
      name: Type.Optional(text('Region or host; none for `global`.', 'West')),
      paused,
      reason: Type.Optional(reason),
    },
    { additionalProperties: false },
  ),
)

const columns = {
  scope,
  name: text('Region or host; `""` for `global`.', 'West'),
  paused,
  reason,
  paused_by: text('Who paused it; `""`: nobody.', 'root'),
  paused_time: text('Since when, RFC 1123; `""`: it is not paused.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
}
const West = {
  scope: 'region',
  name: 'West',
  paused: true,
  reason: 'core maintenance',
  paused_by: 'root',
  paused_time: 'Wed, 01 Jun 2016 15:15:00 GMT',
}

export const dispatchOperations: readonly HttpOperation[] = [
  {
    method: 'get',
    path,
    id: 'listDispatchSwitches',
    tag: 'Dispatch',
    summary: 'What is paused',
    description: 'The switch of everything, then regions and hosts that are paused.',
    permission: 'read',
    answers: {
      200: {
        description: 'Switches.',
        schema: listOf('dispatch_list', named('DispatchSwitch', Type.Object(columns))),
        example: {
          api_response: {
            dispatch_list: [
              { scope: 'global', name: '', paused: false, reason: '', paused_by: '', paused_time: '' },
              West,
            ],
          },
        },
      },
    },
  },
  {
    method: 'post',
    path,
    id: 'setDispatchSwitches',
    tag: 'Dispatch',
    summary: 'Pause or resume',
    description:
      'Once it is answered nothing new of a paused scope is started, discoveries included; what runs goes on. ' +
      'Waiting jobs name the pause in their `status_message`. An absent reason is kept.',
    permission: 'dispatch.manage',
    body: rowsBody('Switches.', SwitchInput, {
      region: { scope: 'region', name: 'West', paused: true, reason: 'core maintenance' },
      everything: [{ scope: 'global', paused: false }],
    }),
    answers: rowAnswers(
      'dispatch_list',
      {
        ...columns,
        scope: Type.String(),
        paused: Type.Optional(paused),
        reason: Type.Optional(reason),
        paused_by: Type.Optional(columns.paused_by),
        paused_time: Type.Optional(columns.paused_time),
      },
      { status: 'SUCCESS', ...West },
    ),
  },
]
