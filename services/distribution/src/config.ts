import { type Static, Type } from '@sinclair/typebox'
import { Duration } from '@slipway/service-kit'

/** Settings of the distribution service (`DISTRIBUTION_*` unless named otherwise). */
export const distributionConfig = Type.Object({
  dataDir: Type.String({
    env: 'SLIPWAY_DATA_DIR',
    default: './data',
    description: 'The store is `download` in it; replicas share it.',
  }),
  scanInterval: Duration({
    default: 10_000,
    minimum: 100,
    maximum: 30_000,
    description: 'How often the store is looked through for files that were put there by hand.',
  }),
  settle: Duration({
    default: 2_000,
    maximum: 20_000,
    description: 'A file put there by hand is looked at when it was left alone for so long.',
  }),
  stallTimeout: Duration({
    default: 300_000,
    minimum: 100,
    description: 'A client that takes nothing, or sends nothing, for so long is cut off.',
  }),
  transferMemory: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024 * 1024,
    description: 'Bytes of memory for the buffers of all downloads together.',
  }),
  softwareLimit: Type.Integer({
    default: 4 * 1024 * 1024 * 1024,
    minimum: 1,
    description: 'Largest file of router software in bytes (archives: 314572800).',
  }),
  history: Type.Integer({
    default: 100_000,
    minimum: 0,
    description: 'How many entries are kept of who published and who downloaded what.',
  }),
  trustedProxies: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Where it is its own process: addresses and networks of gateways, and of an ingress that routes `/download` to it, whose X-Forwarded-For says who the client is. Failed logins are counted, and downloads recorded, by that address.',
    }),
  ),
  authTimeout: Duration({
    default: 1_900,
    minimum: 100,
    description: 'How long the auth service may take before a request is answered 503.',
  }),
})
export type DistributionConfig = Static<typeof distributionConfig>
