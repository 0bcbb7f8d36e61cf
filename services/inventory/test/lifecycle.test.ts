import { randomUUID } from 'node:crypto'
import { type Discovery, inventoryDeliveries, inventoryEvents, inventoryMessages } from '@slipway/contracts'
import t from 'tap'
import { addHosts, build, hostInput, type Running, readHost } from './support.ts'

const facts = (softwareVersion: string) => ({
  family: 'ASR9K',
  chassis: 'ASR-9904',
  softwarePlatform: 'ASR9K',
  softwareVersion,
  osType: 'XR',
})
const item = (location: string, serialNumber: string, description = 'Generic Fan') => ({
  location,
  name: `fan ${location}`,
  description,
  modelName: 'ASR-9904-FAN',
  serialNumber,
  hardwareRevision: 'V01',
})
const software = (name: string, state: 'active' | 'inactive' = 'active') => ({
  name,
  state,
  location: 'disk0',
  modules: [],
})
const moment = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 12, 0, seconds)).toISOString()

const discover = (running: Running, hostId: string, at: string, discovery: Discovery) =>
  running.bus.deliver(inventoryDeliveries.recordDiscovery, randomUUID(), {
    hostId,
    observedAt: at,
    discovery,
  })

t.test('an older look never replaces a newer one, part by part', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1')])
  const { id } = await readHost(running, 'R1')
  const packages = async () =>
    (await running.ask(inventoryMessages.listPackages, { hostname: 'R1' })).packages.map(({ name }) => name)
  const items = async () => (await running.ask(inventoryMessages.listInventory, { hostname: 'R1' })).items
  await discover(running, id, moment(10), { facts: facts('5.3.3'), packages: [software('b'), software('a')] })
  t.match((await readHost(running, 'R1')).facts, facts('5.3.3'))
  t.same(await packages(), ['b', 'a'], 'in the order of the router')
  await discover(running, id, moment(5), {
    facts: facts('4.3.0'),
    packages: [software('old')],
    inventory: [item('0/FT0', 'S1')],
  })
  t.equal((await readHost(running, 'R1')).facts.softwareVersion, '5.3.3')
  t.same(await packages(), ['b', 'a'])
  t.equal((await items()).length, 1, 'what was never seen is taken from an older look too')
  await discover(running, id, moment(20), { facts: facts('6.1.2'), packages: [], inventory: [] })
  t.equal((await readHost(running, 'R1')).facts.softwareVersion, '6.1.2')
  t.same(await packages(), ['b', 'a'], 'an empty list is no news')
  t.equal((await items()).length, 1)
  const modules = [{ name: 'xr', state: 'active-committed' as const }]
  await discover(running, id, moment(20), { packages: [{ ...software('c'), modules }] })
  t.match((await running.ask(inventoryMessages.listPackages, { hostname: 'R1' })).packages, [
    { name: 'c', modules },
  ])
  const { rows } = await running.ask(inventoryMessages.listHosts, { family: 'ASR9K', page: 1 })
  t.equal(rows.length, 1)
  await t.rejects(running.ask(inventoryMessages.listPackages, { hostname: 'R2' }), {
    code: 'INVENTORY_HOST_NOT_FOUND',
  })
})

t.test('parts without serial number stay apart, parts that are gone go', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1')])
  const { id } = await readHost(running, 'R1')
  const seen = [item('0/FT0', ''), item('0/FT1', ''), item('0/RSP0', 'FOC1'), item('0/FT0', 'FOC1')]
  const items = async () => (await running.ask(inventoryMessages.listInventory, { hostname: 'R1' })).items
  await discover(running, id, moment(1), { inventory: seen })
  t.same(await items(), seen)
  await discover(running, id, moment(2), { inventory: seen })
  t.same(await items(), seen)
  await discover(running, id, moment(3), { inventory: seen.slice(1, 3) })
  t.same(await items(), seen.slice(1, 3))
})

t.test('a discovery that came twice, or of a host that is gone, changes nothing', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1')])
  const { id } = await readHost(running, 'R1')
  const version = async () => (await running.sql<{ version: number }>('SELECT version FROM host'))[0]?.version
  const changes: number[] = []
  running.bus.subscribe(inventoryEvents.hostsChanged, ({ hosts }) => {
    changes.push(...hosts.map(({ version }) => version))
  })
  await discover(running, id, moment(1), { facts: facts('5.3.3') })
  await discover(running, id, moment(1), { facts: facts('5.3.3') })
  t.equal(await version(), 2)
  t.same(changes, [2])
  await discover(running, '00000000-0000-4000-8000-000000000000', moment(1), { facts: facts('5.3.3') })
  await discover(running, id, 'in a while, crocodile', { facts: facts('9.9.9') })
  t.equal(await version(), 2)
})

t.test('a deleted host is released by the scheduler and leaves nothing behind', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1'), hostInput('R2')])
  const { id } = await readHost(running, 'R1')
  await discover(running, id, moment(1), { packages: [software('a')], inventory: [item('0', '')] })
  await running.ask(inventoryMessages.deleteHost, { hostname: 'R1' })
  t.same(running.scheduler.released, [id])
  for (const table of ['host_package', 'inventory_item']) {
    t.same(await running.sql(`SELECT * FROM ${table}`), [])
  }
  await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), {
    code: 'INVENTORY_HOST_NOT_FOUND',
    message: "Host 'R1' does not exist in the database.",
  })
  await addHosts(running, [hostInput('R1')])
  t.not((await readHost(running, 'R1')).id, id, 'the same name again is another host')
})

t.test('a host with a running job stays as it was', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1')])
  running.scheduler.refusal = 'SCHEDULER_HOST_BUSY'
  await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), {
    code: 'INVENTORY_HOST_JOB_RUNNING',
    message: "Unable to delete host 'R1'. An install job is in progress.",
  })
  t.ok(await readHost(running, 'R1'))
  running.scheduler.refusal = undefined
  await running.ask(inventoryMessages.deleteHost, { hostname: 'R1' })
})

t.test(
  'a deletion that could not be finished hides the host and is finished by the next start',
  async (t) => {
    const running = await build(t)
    await addHosts(running, [hostInput('R1')])
    running.scheduler.refusal = 'BUS_UNAVAILABLE'
    await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), {
      code: 'BUS_UNAVAILABLE',
    })
    t.same((await running.ask(inventoryMessages.listHosts, { page: 1 })).rows, [])
    await t.rejects(running.ask(inventoryMessages.refreshHost, { hostname: 'R1' }), {
      code: 'INVENTORY_HOST_NOT_FOUND',
    })
    const names = { hostnames: ['R1'], repositories: [], profiles: [] }
    t.same((await running.ask(inventoryMessages.resolveNames, names)).hosts, [])
    const { rows } = await running.ask(inventoryMessages.upsertHosts, { rows: [hostInput('R1')] })
    t.match(rows, [{ error: { code: 'INVENTORY_HOST_DELETING' } }])
    await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), {
      code: 'BUS_UNAVAILABLE',
    })
    running.scheduler.refusal = undefined
    const gone = new Promise<void>((resolve) => {
      running.bus.subscribe(inventoryEvents.hostsChanged, () => resolve())
    })
    await running.restart()
    await gone
    t.same(await running.sql('SELECT * FROM host'), [])
  },
)

t.test('a deletion that could not be finished is finished by asking again', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1')])
  running.scheduler.refusal = 'BUS_TIMEOUT'
  await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), { code: 'BUS_TIMEOUT' })
  running.scheduler.refusal = undefined
  await running.ask(inventoryMessages.deleteHost, { hostname: 'R1' })
  t.same(await running.sql('SELECT * FROM host'), [])
})

t.test('the sweep tries again by itself', async (t) => {
  const running = await build(t, { deletionSweep: 100 })
  await addHosts(running, [hostInput('R1')])
  running.scheduler.refusal = 'BUS_UNAVAILABLE'
  await t.rejects(running.ask(inventoryMessages.deleteHost, { hostname: 'R1' }), { code: 'BUS_UNAVAILABLE' })
  const gone = new Promise<void>((resolve) => {
    running.bus.subscribe(inventoryEvents.hostsChanged, () => resolve())
  })
  running.scheduler.refusal = undefined
  await gone
  t.same(await running.sql('SELECT * FROM host'), [])
})
