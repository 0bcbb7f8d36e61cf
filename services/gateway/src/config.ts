import { type Static, Type } from '@sinclair/typebox'
import { Duration } from '@slipway/service-kit'

/** Settings of the gateway. Variables without an `env` of their own are named GATEWAY_…. */
export const GatewayConfig = Type.Object({
  host: Type.String({
    env: 'HOST',
    default: '127.0.0.1',
    description: 'Address on which the API is served.',
  }),
  port: Type.Integer({
    env: 'PORT',
    default: 5_000,
    minimum: 0,
    maximum: 65_535,
    description: 'Port on which the API is served; 0 takes a free one.',
  }),
  tlsCert: Type.Optional(
    Type.String({
      env: 'TLS_CERT',
      description: 'File with the certificate chain in PEM form: serves HTTPS.',
    }),
  ),
  tlsKey: Type.Optional(
    Type.String({ env: 'TLS_KEY', description: 'File with the private key of TLS_CERT in PEM form.' }),
  ),
  readTimeout: Duration({
    default: 1_900,
    minimum: 100,
    description: 'How long a service may take to answer a reading request before it is answered 503.',
  }),
  stopGrace: Duration({
    default: 5_000,
    description: 'How long requests in flight may take when the gateway stops before they are cut off.',
  }),
})
export type GatewayConfig = Static<typeof GatewayConfig>
