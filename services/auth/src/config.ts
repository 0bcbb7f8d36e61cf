import { type Static, Type } from '@sinclair/typebox'
import { passwordLength } from '@slipway/contracts'
import { Secret } from '@slipway/service-kit'

/** Settings of the auth service (`AUTH_*` unless named otherwise). */
export const authConfig = Type.Object({
  masterKey: Secret({
    env: 'SLIPWAY_MASTER_KEY',
    minLength: 1,
    description: 'Keys that seal the signing key, `k2:<base64>,k1:<base64>`: the first seals, all open.',
  }),
  adminPassword: Type.Optional(
    Secret({
      env: 'SLIPWAY_ADMIN_PASSWORD',
      minLength: passwordLength.least,
      description:
        'Password of the admin `root` made at the very first start, at least 12 characters; without it one is generated.',
    }),
  ),
  keyRotationHours: Type.Integer({
    default: 24,
    minimum: 1,
    maximum: 8_760,
    description: 'Hours after which a new key signs tokens; the old one stays valid for two more hours.',
  }),
})
export type AuthConfig = Static<typeof authConfig>
