// Whatever is sent: nothing answers 5xx, hangs, or changes what is stored. Every operation that the API's own
// description lists is tried. One start for all.
import t, { type Test } from 'tap'
import { findSocket, query } from '../harness/database.ts'
import { openSlipway } from '../harness/shared.ts'
import { anything } from './nasty-anything.ts'
import { bodies, contentTypes, largeBodies } from './nasty-bodies.ts'
import { hardlyHttp } from './nasty-http.ts'
import { oneObject } from './nasty-objects.ts'
import { pathsAndQueries } from './nasty-paths.ts'
import { anyRows, rowTexts } from './nasty-rows.ts'
import { addressesAndPorts, longLists, sameRowTwice } from './nasty-sets.ts'
import { createNastyWorld, type NastyWorld } from './nasty-world.ts'
import { listOf } from './world.ts'

const slipway = await openSlipway()
t.teardown(() => slipway.close())
const world = await createNastyWorld(slipway)

const areas: Record<string, (t: Test, world: NastyWorld) => Promise<void>> = {
  bodies,
  'large bodies': largeBodies,
  'Content-Types': contentTypes,
  'paths and queries': pathsAndQueries,
  'texts in rows': rowTexts,
  'addresses and ports': addressesAndPorts,
  'lists without end': longLists,
  'the same row twice': sameRowTwice,
  'endpoints of one object': oneObject,
  'rows of anything': anyRows,
  'anything at all': anything,
  'hardly HTTP': hardlyHttp,
}
for (const [area, rules] of Object.entries(areas)) t.test(area, (t) => rules(t, world))

t.test('a database without room answers 503 with Retry-After, and goes on afterwards', async (t) => {
  const socket = findSocket(slipway.dataDir)
  const databases = await query(socket, 'postgres', 'SELECT datname AS name FROM pg_database')
  const database = databases.map(({ name = '' }) => name).find((name) => name.includes('inventory')) ?? ''
  await query(
    socket,
    database,
    `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
     CREATE TRIGGER full_disk BEFORE INSERT ON region EXECUTE FUNCTION full_disk()`,
  )
  const answer = await world.post('/regions', { region_name: 'no room' })
  t.equal(answer.status, 503, answer.text)
  t.ok(Number(answer.headers.get('retry-after')) > 0)
  t.same(answer.body.api_response, {
    status: 'FAILED',
    status_message: 'The service is not available at the moment.',
  })
  await query(socket, database, 'DROP TRIGGER full_disk ON region')
  t.same(listOf(await world.post('/regions', { region_name: 'room again' })), [
    { status: 'SUCCESS', region_name: 'room again' },
  ])
})
