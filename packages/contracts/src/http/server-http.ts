// How the server itself is, and its description. Source: REST contract, section 8.
import { Type } from '@sinclair/typebox'
import { answer } from './http-samples.ts'
import { text } from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

const Health = Type.Object({
  name: text('The process.', 'standalone'),
  status: text('In words.', 'live'),
})
const Readiness = Type.Object({
  ...Health.properties,
  services: Type.Record(Type.String(), Type.String(), { description: 'Each service and its state.' }),
})

export const serverOperations: readonly HttpOperation[] = [
  {
    method: 'get',
    path: '/healthz',
    id: 'isAlive',
    tag: 'Operation',
    summary: 'Whether the process is alive',
    permission: 'public',
    answers: {
      200: answer('It is.', Health),
      503: {
        description: 'Restart it.',
        schema: Health,
        example: { name: 'standalone', status: 'not live' },
      },
    },
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'isReady',
    tag: 'Operation',
    summary: 'Whether the process can work',
    permission: 'public',
    answers: {
      200: {
        description: 'It can.',
        schema: Readiness,
        example: { name: 'standalone', status: 'ready', services: { gateway: 'ready', catalog: 'ready' } },
      },
      503: {
        description: 'Not now.',
        schema: Readiness,
        example: {
          name: 'standalone',
          status: 'not ready',
          services: { gateway: 'ready', catalog: 'not ready' },
        },
      },
    },
  },
  {
    method: 'get',
    path: '/api/v1/openapi.json',
    id: 'getDescription',
    tag: 'Operation',
    summary: 'This description',
    permission: 'public',
    answers: {
      200: {
        description: 'An OpenAPI 3.1 document.',
        schema: Type.Object({ openapi: Type.String() }, { additionalProperties: true }),
        example: { openapi: '3.1.0', info: { title: 'Slipway', version: '0.1.0' }, paths: {} },
      },
    },
  },
]
