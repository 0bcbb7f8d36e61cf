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
  publicUrl: Type.Optional(
    Type.String({
      env: 'SLIPWAY_PUBLIC_URL',
      pattern: '^https?://[^/]+/?$',
      description: 'How devices and agents reach this server; default: made of HOST and PORT.',
    }),
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
  drain: Duration({
    default: 0,
    maximum: 600_000,
    description:
      'When the gateway stops it is not ready at once, but goes on answering for so long, with `Connection: close`: balancers and clients turn to another one meanwhile.',
  }),
  eventStreams: Type.Integer({
    default: 2_000,
    minimum: 0,
    maximum: 100_000,
    description:
      'How many streams of job events (`GET /install/<id>/events`) may be open at a time; beyond it 503.',
  }),
  trustedProxies: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Addresses and networks (`10.0.0.0/8,fd00::1`) of proxies in front whose X-Forwarded-For says who the client is; failed logins are counted by that address. Of anybody else the header is ignored.',
    }),
  ),
})
export type GatewayConfig = Static<typeof GatewayConfig>

/** The settings of a gateway that is its own process (cluster shape): it also needs to know where executors are. */
export const GatewayProcessConfig = Type.Object({
  ...GatewayConfig.properties,
  executorUrls: Type.Array(Type.String({ pattern: '^https?://[^/]+' }), {
    env: 'EXECUTOR_URL',
    minItems: 1,
    description:
      'Where executors serve HTTP, for downloads of session logs: `http://executor:5004`; several separated by commas.',
  }),
  distributionUrls: Type.Array(Type.String({ pattern: '^https?://[^/]+' }), {
    env: 'DISTRIBUTION_URL',
    minItems: 1,
    description:
      'Where the distribution service serves HTTP: `http://distribution:5006`; several separated by commas.',
  }),
})
