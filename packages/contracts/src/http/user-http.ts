// Users as the HTTP API shows them. Source: REST contract, section 8.
import { Type } from '@sinclair/typebox'
import { privileges } from '../permissions.ts'
import { answer } from './http-samples.ts'
import {
  choice,
  deletedAnswers,
  envelope,
  failure,
  filter,
  listOf,
  named,
  pathName,
  rowAnswers,
  rowsBody,
  text,
} from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

const base = '/api/v1/users'
const username = text('Name of the user, without `:`; case means nothing.', 'olga')
const password = text('At least 12 characters; never shown.', '', { format: 'password', minLength: 12 })
const privilege = choice('What the user may do.', privileges, 'Operator')

const UserInput = named(
  'UserInput',
  Type.Object(
    {
      username,
      password: Type.Optional(password),
      privilege: Type.Optional(privilege),
      fullname: Type.Optional(text('Name of the person.', 'Olga Berg')),
      email: Type.Optional(text('Address for mail.', 'olga@example.net')),
      active: Type.Optional(Type.Boolean({ description: 'False: no login, and tokens stop working.' })),
    },
    { additionalProperties: false },
  ),
)

const User = named(
  'User',
  Type.Object({
    username,
    privilege,
    fullname: text('Name of the person.', 'Olga Berg'),
    email: text('Address for mail.', 'olga@example.net'),
    active: Type.Boolean(),
    created_by: text('Who created the user.', 'root'),
    created_time: text('RFC 1123.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
  }),
)

export const userOperations: readonly HttpOperation[] = [
  {
    method: 'post',
    path: base,
    id: 'upsertUsers',
    tag: 'Users',
    summary: 'Create or update users',
    description:
      'Absent keys keep their value; a new user needs password and privilege. After a change of password, ' +
      'privilege or active the tokens of the user stop working within 5 seconds.',
    permission: 'user.manage',
    body: rowsBody('Users.', UserInput, {
      one: [{ username: 'olga', password: 'correct horse battery', privilege: 'Operator' }],
    }),
    answers: rowAnswers('user_list', { username: Type.String() }, { status: 'SUCCESS', username: 'olga' }),
  },
  {
    method: 'get',
    path: base,
    id: 'listUsers',
    tag: 'Users',
    summary: 'List users',
    permission: 'user.manage',
    query: { username: filter('Only this one.', 'olga') },
    answers: {
      200: answer('All, or the named one, without passwords.', listOf('user_list', User)),
      400: failure('There is no such user.', "User 'olga' does not exist in the database."),
    },
  },
  {
    method: 'delete',
    path: `${base}/{username}/delete`,
    id: 'deleteUser',
    tag: 'Users',
    summary: 'Delete a user',
    description: 'The last active Admin stays.',
    permission: 'user.manage',
    params: { username: pathName('Name of the user.', 'olga') },
    answers: deletedAnswers('username', 'User', 'olga'),
  },
  {
    method: 'post',
    path: `${base}/me/password`,
    id: 'changeOwnPassword',
    tag: 'Users',
    summary: 'Change one’s own password',
    permission: 'read',
    body: {
      description: 'The password of today and the new one.',
      schema: Type.Object(
        { password: text('Of today.', '', { format: 'password' }), new_password: password },
        { additionalProperties: false },
      ),
      required: true,
      examples: { one: { password: 'correct horse battery', new_password: 'staple correct horse' } },
    },
    answers: {
      200: {
        description: 'It is changed; tokens acquired before stop working.',
        schema: envelope(Type.Object({ status: Type.Literal('SUCCESS'), username: Type.String() })),
        example: { api_response: { status: 'SUCCESS', username: 'olga' } },
      },
      400: failure('The password of today is wrong, or the new one is too short.', 'The password is wrong.'),
    },
  },
]
