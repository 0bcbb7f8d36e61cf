// How the server itself is, and its description. Source: REST contract, section 8.
import { Type } from '@sinclair/typebox'
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
      200: { description: 'It is.', schema: Health },
      503: { description: 'Restart it.', schema: Health },
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
      200: { description: 'It can.', schema: Readiness },
      503: { description: 'Not now.', schema: Readiness },
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
      },
    },
  },
]
