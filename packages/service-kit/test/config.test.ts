import { Type } from '@sinclair/typebox'
import { oneOf, strict } from '@slipway/contracts'
import fc from 'fast-check'
import t from 'tap'
import { type ConfigError, Duration, describeConfig, loadConfig, Secret, variableOf } from '../src/index.ts'

const schema = strict({
  port: Type.Integer({ minimum: 1, maximum: 65_535, default: 5_000, env: 'PORT', description: 'Port.' }),
  runLimit: Type.Integer({ minimum: 1 }),
  ratio: Type.Number({ default: 0.5 }),
  verbose: Type.Boolean({ default: false }),
  leaseTime: Duration({ default: 30_000, maximum: 3_600_000, description: 'How long a lease lasts.' }),
  level: Type.Union([Type.Literal('info'), Type.Literal('debug')], { default: 'info' }),
  shape: Type.Optional(oneOf(['standalone', 'cluster'])),
  peers: Type.Array(Type.String(), { default: [] }),
  apiToken: Type.Optional(Secret({ minLength: 8 })),
  publicURLBase: Type.Optional(Type.String()),
})
const prefix = 'INVENTORY_'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(schema, env, { prefix })
    return []
  } catch (error) {
    t.equal((error as ConfigError).code, 'CONFIG_INVALID')
    return (error as ConfigError).problems
  }
}

t.test('settings come from their variables, defaults stand for the others', async (t) => {
  t.same(loadConfig(schema, { INVENTORY_RUN_LIMIT: '7' }, { prefix }), {
    port: 5_000,
    runLimit: 7,
    ratio: 0.5,
    verbose: false,
    leaseTime: 30_000,
    level: 'info',
    peers: [],
  })
  const env = {
    PORT: '8080',
    INVENTORY_PORT: 'not this one',
    INVENTORY_RUN_LIMIT: '+3',
    INVENTORY_RATIO: '.25',
    INVENTORY_VERBOSE: '1',
    INVENTORY_LEASE_TIME: '5m',
    INVENTORY_LEVEL: 'debug',
    INVENTORY_SHAPE: 'cluster',
    INVENTORY_PEERS: 'a, b ,c',
    INVENTORY_API_TOKEN: ' kept as it is ',
    INVENTORY_PUBLIC_URL_BASE: 'https://slipway.example',
    OTHER: 'ignored',
  }
  t.same(loadConfig(schema, env, { prefix }), {
    port: 8_080,
    runLimit: 3,
    ratio: 0.25,
    verbose: true,
    leaseTime: 300_000,
    level: 'debug',
    shape: 'cluster',
    peers: ['a', 'b', 'c'],
    apiToken: ' kept as it is ',
    publicURLBase: 'https://slipway.example',
  })
})

t.test('an empty variable counts as not set', async (t) => {
  const config = loadConfig(schema, { PORT: '', INVENTORY_RUN_LIMIT: '1', INVENTORY_SHAPE: '' }, { prefix })
  t.equal(config.port, 5_000)
  t.notOk('shape' in config)
})

t.test('a default is not shared between two readings', async (t) => {
  const read = () => loadConfig(schema, { INVENTORY_RUN_LIMIT: '1' }, { prefix })
  read().peers.push('changed')
  t.same(read().peers, [])
})

t.test('everything that is wrong is reported at once, without the value of a secret', async (t) => {
  const problems = problemsOf({
    PORT: '70000',
    INVENTORY_RATIO: '1e3',
    INVENTORY_VERBOSE: 'yes',
    INVENTORY_LEASE_TIME: '2w',
    INVENTORY_LEVEL: 'Info',
    INVENTORY_SHAPE: 'round',
    INVENTORY_API_TOKEN: 'hunter2',
  })
  t.equal(problems.length, 8)
  t.match(problems[0], /^PORT '70000' is not allowed: .*65535/)
  t.equal(problems[1], 'INVENTORY_RUN_LIMIT is not set')
  t.equal(problems[2], "INVENTORY_RATIO '1e3' is not a number")
  t.equal(problems[3], "INVENTORY_VERBOSE 'yes' is neither true nor false")
  t.equal(problems[4], "INVENTORY_LEASE_TIME '2w' is not a duration such as 500ms, 30s, 5m, 2h or 1d")
  t.equal(problems[5], "INVENTORY_LEVEL 'Info' is not one of info, debug")
  t.equal(problems[6], "INVENTORY_SHAPE 'round' is not one of standalone, cluster")
  t.match(problems[7], /^INVENTORY_API_TOKEN is not allowed: /)
  t.notMatch(problems.join(), /hunter2/)
})

t.test('numbers are read strictly', async (t) => {
  for (const text of ['1.0', '0x10', '1e2', ' 1', '1 ', '--1', 'NaN', 'Infinity', '9007199254740993', '১']) {
    t.match(problemsOf({ INVENTORY_RUN_LIMIT: text }), [/is not an integer/], text)
  }
  for (const text of ['', 'ten', '1,5', '.', 'Infinity']) {
    const expected = text === '' ? [] : [/INVENTORY_RATIO .* is not a number/]
    t.match(problemsOf({ INVENTORY_RUN_LIMIT: '1', INVENTORY_RATIO: text }), expected, text)
  }
  for (const text of ['-1s', '1.5s', '1 s', 's', '1S', '99999999999999999h']) {
    t.match(problemsOf({ INVENTORY_RUN_LIMIT: '1', INVENTORY_LEASE_TIME: text }), [/duration/], text)
  }
  t.match(problemsOf({ INVENTORY_RUN_LIMIT: '1', INVENTORY_LEASE_TIME: '1d' }), [/is not allowed/])
})

t.test('durations are milliseconds times their unit', async (t) => {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, '': 1 } as const
  const duration = strict({ wait: Duration() })
  fc.assert(
    fc.property(fc.nat(10_000), fc.constantFrom(...Object.keys(units)), (count, unit) => {
      const { wait } = loadConfig(duration, { WAIT: `${count}${unit}` })
      return wait === count * (units[unit as keyof typeof units] ?? 0)
    }),
  )
  t.pass()
})

t.test('a key is written in upper snake case after the prefix', async (t) => {
  const plain = Type.String()
  t.equal(variableOf('runLimit', plain, 'INVENTORY_'), 'INVENTORY_RUN_LIMIT')
  t.equal(variableOf('runLimit', plain, 'INVENTORY'), 'INVENTORY_RUN_LIMIT')
  t.equal(variableOf('dataDir', plain, ''), 'DATA_DIR')
  t.equal(variableOf('s3URLBase', plain, ''), 'S3_URL_BASE')
  t.equal(variableOf('natsUrl', Type.String({ env: 'NATS_URL' }), 'X_'), 'NATS_URL')
})

t.test('settings describe themselves for the documentation', async (t) => {
  const described = describeConfig(schema, { prefix })
  t.same(described[0], {
    key: 'port',
    variable: 'PORT',
    type: 'integer',
    required: false,
    default: '5000',
    description: 'Port.',
    secret: false,
  })
  const rest = described.map(({ variable, type, required, secret }) => [variable, type, required, secret])
  t.same(rest.slice(1), [
    ['INVENTORY_RUN_LIMIT', 'integer', true, false],
    ['INVENTORY_RATIO', 'number', false, false],
    ['INVENTORY_VERBOSE', 'boolean', false, false],
    ['INVENTORY_LEASE_TIME', 'duration', false, false],
    ['INVENTORY_LEVEL', 'info | debug', false, false],
    ['INVENTORY_SHAPE', 'standalone | cluster', false, false],
    ['INVENTORY_PEERS', 'list', false, false],
    ['INVENTORY_API_TOKEN', 'string', false, true],
    ['INVENTORY_PUBLIC_URL_BASE', 'string', false, false],
  ])
  const secret = strict({ key: Type.String({ secret: true, default: 'hunter2' }) })
  t.notMatch(JSON.stringify(describeConfig(secret)), /hunter2/)
})

t.test('a setting of a type that no variable can hold is a mistake of ours', async (t) => {
  t.throws(() => loadConfig(strict({ nested: strict({}) }), { NESTED: 'x' }), TypeError)
})
