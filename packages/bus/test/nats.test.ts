import { haveNatsServer, natsServer } from '@slipway/test-kit'
import t from 'tap'
import { connectNatsBus } from '../src/index.ts'
import { busConformance } from './conformance.ts'

t.test('the bus over NATS', async (t) => {
  if (!haveNatsServer(t)) return
  const server = await natsServer(t)
  busConformance(t, async (options) => {
    const hub = connectNatsBus({ ...options, servers: server.url })
    return { connect: hub.connect, settle: hub.flush, close: () => hub.close(0) }
  })
})
