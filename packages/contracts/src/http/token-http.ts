// Access tokens as the HTTP API shows them. Source: API guide, overview; REST contract, section 2.
import { Type } from '@sinclair/typebox'
import { text } from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

export const tokenOperations: readonly HttpOperation[] = [
  {
    method: 'get',
    path: '/api/v1/token',
    id: 'getToken',
    tag: 'Token',
    summary: 'Acquire an access token',
    description:
      'With user name and password (Basic). The token works for an hour, as the user name of Basic ' +
      '(password `unused`) or as Bearer. A token cannot acquire another.',
    permission: 'anybody',
    answers: {
      200: {
        description: 'The token, without the envelope of other answers.',
        schema: Type.Object({ token: text('A JSON web token.', 'eyJhbGciOiJFUzI1NiIsImtpZCI6…') }),
        example: { token: 'eyJhbGciOiJFUzI1NiIsImtpZCI6…' },
      },
    },
  },
]
