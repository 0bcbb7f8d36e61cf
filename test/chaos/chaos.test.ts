// The short form of the chaos suite: what `npm run chaos -- --short` does, as a test of every change.
import { haveNatsServer } from '@slipway/test-kit'
import t from 'tap'
import { runChaos } from './chaos.ts'
import { checks } from './checks.ts'
import { parseOptions } from './options.ts'

t.test(
  'options: numbers in range, the short form, help; anything else is refused with its name',
  async (t) => {
    t.same(parseOptions(['--seed', '7']), { seed: 7, routers: 24, waves: 3, faults: 30 })
    t.same(parseOptions(['--short', '--seed', '7', '--waves', '2']), {
      seed: 7,
      routers: 8,
      waves: 2,
      faults: 8,
    })
    t.equal(parseOptions(['--help']), undefined)
    t.throws(() => parseOptions(['--waves', '4']), /--waves must be a whole number from 1 to 3/)
    t.throws(() => parseOptions(['--speed', '4']), /--speed/)
  },
)

if (haveNatsServer(t)) {
  t.test('schedulers, executors and gateways are killed, suspended and stopped under work', async (t) => {
    const options = parseOptions(['--short', '--seed', '20261122'])
    if (options === undefined) throw new Error('no options')
    const { broken } = await runChaos(options, (line) => t.comment(line))
    for (const promise of Object.keys(checks)) t.same(broken.get(promise) ?? [], [], promise)
  })
}
