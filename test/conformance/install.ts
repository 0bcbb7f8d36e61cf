// REST contract, section 5: POST /install, samples of the API guide 1.3 and the same request again.
import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { pie, prepare } from './install-rows.ts'
import { ahead, json, listOf, refused, rowRefused, type World } from './world.ts'

export async function installSamples(t: Test, world: World): Promise<void> {
  const { post, lab } = world
  const { clear, plain } = await prepare(world)
  t.test("the guide's sample of a Pre-Upgrade answers status, id, hostname and install_action", async (t) => {
    const [first] = listOf(await post('/install', plain['Commit']))
    const { status, body } = await post('/install', [
      {
        hostname: 'R2',
        install_action: 'Pre-Upgrade',
        ...ahead(101),
        command_profile: 'Test Commands',
        dependency: String(first?.['id']),
      },
    ])
    t.equal(status, 200)
    t.same(Object.keys(body.api_response), ['install_job_list'])
    const [row] = listOf({ body, text: '' })
    t.same(Object.keys(row ?? {}), ['status', 'id', 'hostname', 'install_action'])
    t.match(row, { status: 'SUCCESS', id: Number, hostname: 'R2', install_action: 'Pre-Upgrade' })
    t.ok(Number.isInteger(row?.['id']))
  })
  t.test("the guide's sample of a refusal answers what was submitted, under both keys", async (t) => {
    const submitted = {
      hostname: 'R2',
      install_action: 'Pre-Upgrade',
      scheduled_time: '06-15-2016 03:15 PM',
      command_profile: 'Test Commands',
      dependency: '118',
    }
    const { status, body } = await post('/install', [submitted])
    t.equal(status, 400)
    const status_message = 'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.'
    const rows = [{ ...submitted, status: 'FAILED', status_message }]
    t.same(body, { api_response: { install_job_list: rows, software_list: rows } })
  })
  t.test("the guide's samples of Add and Activate are taken", async (t) => {
    const software_packages = [pie, 'asr9k-px-5.3.3.CSCux89921.pie', 'asr9k-px-5.3.3.CSCuy03335.pie'].join(
      ',',
    )
    const when = { scheduled_time: '06-21-2036 07:05 AM', utc_offset: '-07:00' }
    const add = { hostname: 'R2', install_action: 'Add', server_repository: lab.repository.row.hostname }
    const [added] = listOf(await post('/install', [{ ...add, ...when, software_packages }]))
    t.equal(added?.['status'], 'SUCCESS')
    const activate = { hostname: 'R2', install_action: 'Activate', ...when, software_packages }
    const answer = await post('/install', [{ ...activate, dependency: String(added?.['id']) }])
    t.equal(answer.status, 200, answer.text)
    const [job] = await world.rows('GET', `/install?id=${listOf(answer)[0]?.['id']}`)
    t.match(job, {
      dependency: added?.['id'],
      packages: software_packages,
      server: '',
      scheduled_time: 'Sat, 21 Jun 2036 14:05:00 GMT',
    })
    const [ofAdd] = await world.rows('GET', `/install?id=${added?.['id']}`)
    t.match(ofAdd, { packages: software_packages, server: add.server_repository, pending_downloads: String })
  })
  t.test('a row without scheduled_time is due now, all rows of a request at the same moment', async (t) => {
    await clear()
    const [a, b] = listOf(
      await post('/install', [
        { hostname: 'R2', install_action: 'Remove', software_packages: 'a', utc_offset: 'nonsense' },
        { hostname: 'R2', install_action: 'Deactivate', software_packages: 'a' },
      ]),
    )
    const [one] = await world.rows('GET', `/install?id=${a?.['id']}`)
    const [other] = await world.rows('GET', `/install?id=${b?.['id']}`)
    t.equal(one?.['scheduled_time'], other?.['scheduled_time'])
    const age = Date.now() - Date.parse(String(one?.['scheduled_time']))
    t.ok(age > -1_000 && age < 60_000, 'now; the lone utc_offset was ignored')
    await clear()
  })
}

/** The `Idempotency-Key` of a request. */
export async function installOnce(t: Test, world: World): Promise<void> {
  const { rows, host } = world
  const { plain, clear } = await prepare(world)
  const jobs = async () => (await rows('GET', '/install?hostname=R2')).length
  const send = (key: string, body: unknown) =>
    world.ask('POST', '/install', { body, headers: { ...json, 'idempotency-key': key } })
  const conflict = 'The Idempotency-Key was used before, with another request body.'

  t.test('the same key and body: the first answer byte for byte, and one job', async (t) => {
    const before = await jobs()
    const key = randomUUID()
    const first = await send(key, [plain['Commit']])
    t.equal(first.status, 200, first.text)
    const again = await send(key, [plain['Commit']])
    t.same([again.status, again.text], [first.status, first.text])
    const both = await Promise.all([1, 2].map(() => send(key, [plain['Commit']])))
    t.same(
      both.map(({ text }) => text),
      [first.text, first.text],
    )
    t.equal(await jobs(), before + 1)
    const [other] = listOf(await send(randomUUID(), [plain['Commit']]))
    t.not(other?.['id'], listOf(first)[0]?.['id'], 'another key is another request')
    t.equal(await jobs(), before + 2)
    await clear()
  })
  t.test('the same key with another body is 409, and creates nothing', async (t) => {
    const key = randomUUID()
    const first = await send(key, [plain['Commit']])
    const before = await jobs()
    for (const body of [[plain['Pre-Upgrade']], [{ ...plain['Commit'], ...ahead(99) }]]) {
      refused(t, await send(key, body), 409, conflict)
    }
    t.equal((await send(key, [plain['Commit']])).text, first.text, 'the first answer is still kept')
    t.equal(await jobs(), before)
    await clear()
  })
  t.test('a refusal is kept too: 400 again, though the request would be good by now', async (t) => {
    const key = randomUUID()
    const body = [{ ...plain['Commit'], hostname: 'R2 of later' }]
    const first = await send(key, body)
    rowRefused(t, first, "'R2 of later' is an invalid hostname.")
    await host('R2 of later')
    const again = await send(key, body)
    t.same([again.status, again.text], [400, first.text])
    refused(t, await send(key, [plain['Commit']]), 409, conflict)
    t.same(await rows('GET', '/install?hostname=R2%20of%20later'), [])
    t.equal((await send(randomUUID(), body)).status, 200)
    await rows('DELETE', '/install/delete?hostname=R2%20of%20later')
  })
  t.test('a key that is no key is 400, and creates nothing', async (t) => {
    const before = await jobs()
    for (const key of ['', 'a b', 'a, b', 'é', 'x'.repeat(256)]) {
      refused(t, await send(key, [plain['Commit']]), 400, /^Header 'Idempotency-Key' is invalid/)
    }
    t.equal(await jobs(), before)
    t.equal((await send(`"${randomUUID()}"`, [plain['Commit']])).status, 200, 'quotes are part of a key')
    await clear()
  })
}
