// How old news of revoked tokens may be. Source: REST contract, section 2.
import { createInProcessBus } from '@slipway/bus'
import { authMessages, createError } from '@slipway/contracts'
import t from 'tap'
import { createRevocations } from '../src/identity/revocations.ts'
import { createLogger } from '../src/index.ts'

t.test(
  'news of revoked tokens is good for five seconds, then tokens are refused until news comes',
  async (t) => {
    const lines: string[] = []
    const log = createLogger({
      service: 'test',
      level: 'warn',
      destination: { write: (line) => void lines.push(line) },
    })
    let nowMs = 1_000_000
    const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs }
    let isAway = false
    const hub = createInProcessBus({ log })
    const auth = await hub.connect('auth')
    const gateway = await hub.connect('gateway')
    auth.serve(authMessages.listEpochs, async () => {
      if (isAway) throw createError('BUS_UNAVAILABLE')
      return { epochs: [{ username: 'Uma', epoch: 3, active: true, changedAt: clock.now().toISOString() }] }
    })
    const revocations = await createRevocations({ bus: gateway, clock, log })
    t.teardown(async () => {
      await revocations.stop()
      await hub.close()
    })
    const known = async () => [await revocations.isRevoked('uma', 2), await revocations.isRevoked('uma', 3)]
    t.same(await known(), [true, false], 'fresh')
    isAway = true
    nowMs += 5_000
    t.ok(revocations.isFresh())
    t.same(await known(), [true, false], 'five seconds old')
    nowMs += 1
    t.notOk(revocations.isFresh())
    const stale = { code: 'AUTH_STALE_REVOCATIONS', kind: 'Unavailable' }
    await t.rejects(known(), stale, 'older')
    await t.rejects(revocations.isRevoked('somebody else', 0), stale, 'whoever it is')
    t.ok(revocations.isKnownRevoked('uma', 2), 'what was known stays known')
    t.equal(lines.filter((line) => line.includes('is stale')).length, 1, 'said once')
    isAway = false
    t.same(await known(), [true, false], 'news again')
    t.ok(revocations.isFresh())
  },
)
