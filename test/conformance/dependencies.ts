// REST contract, section 5: POST /install, phase 2: what jobs depend on. API guide 1.3.
import type { Test } from 'tap'
import { ahead, listOf, pick, type Row, type World } from './world.ts'

const chain = ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit']

export async function dependencies(t: Test, world: World): Promise<void> {
  const { host, rows, post, lab } = world
  await host('D1')
  await host('D2')
  const server_repository = lab.repository.row.hostname
  /** A row so many days ahead. */
  const row = (install_action: string, days: number, keys: Row = {}, hostname = 'D1'): Row => ({
    hostname,
    install_action,
    ...(install_action === 'Add' ? { server_repository } : {}),
    ...(/Upgrade|Commit/.test(install_action) ? {} : { software_packages: 'a.pie' }),
    ...ahead(days),
    ...keys,
  })
  const create = async (...jobs: Row[]) => (await rows('POST', '/install', jobs)).map(({ id }) => Number(id))
  const dependencyOf = async (id: unknown) => (await rows('GET', `/install?id=${id}`))[0]?.['dependency']
  const clear = async () => {
    for (const name of ['D1', 'D2']) await rows('DELETE', `/install/delete?hostname=${name}`)
  }
  const failure = (
    t: Test,
    answer: { status: number; body: { api_response: Row } },
    ...messages: (string | undefined)[]
  ) => {
    t.equal(answer.status, messages.includes(undefined) ? 207 : 400)
    const list = answer.body.api_response['install_job_list'] as Row[]
    t.same(
      list.map((each) => each['status_message']),
      messages,
    )
  }

  t.test('rows of a host form a chain, whatever their order, for each host by itself', async (t) => {
    const order = ['Commit', 'Activate', 'Pre-Upgrade', 'Post-Upgrade', 'Add']
    const jobs = order.flatMap((action) => [row(action, 10), row(action, 10, {}, 'D2')])
    const created = await rows('POST', '/install', jobs)
    t.same(
      pick(created, 'hostname', 'install_action'),
      pick(jobs, 'hostname', 'install_action'),
      'in request order',
    )
    for (const name of ['D1', 'D2']) {
      const ids = new Map(
        created
          .filter(({ hostname }) => hostname === name)
          .map((each) => [each['install_action'], each['id']]),
      )
      for (const [i, action] of chain.entries()) {
        t.equal(
          await dependencyOf(ids.get(action)),
          i === 0 ? '' : ids.get(chain[i - 1] ?? ''),
          `${name} ${action}`,
        )
      }
    }
    await clear()
  })
  t.test('a missing link is skipped; Remove and Deactivate stand outside the chain', async (t) => {
    const [commit, add, remove, deactivate] = await create(
      row('Commit', 10),
      row('Add', 10),
      row('Remove', 10),
      row('Deactivate', 10),
    )
    t.equal(await dependencyOf(commit), add)
    for (const id of [add, remove, deactivate]) t.equal(await dependencyOf(id), '')
    await clear()
  })
  t.test('no chain across requests', async (t) => {
    await create(row('Add', 10))
    const [activate] = await create(row('Activate', 10))
    t.equal(await dependencyOf(activate), '')
    await clear()
  })
  t.test('a link that is scheduled later still holds, and the row carries a warning', async (t) => {
    const [add, activate] = await rows('POST', '/install', [row('Add', 12), row('Activate', 10)])
    t.equal(await dependencyOf(activate?.['id']), add?.['id'])
    t.type(activate?.['warning'], 'string')
    t.notOk('warning' in (add ?? {}))
    await clear()
  })
  t.test('ids are integers and never reused', async (t) => {
    const [first] = await create(row('Commit', 10))
    await clear()
    const [second] = await create(row('Commit', 10))
    t.ok(Number.isInteger(second) && Number(second) > Number(first))
    await clear()
  })
  t.test('a dependency by id, as text or integer, holds', async (t) => {
    const [commit] = await create(row('Commit', 10))
    for (const dependency of [commit, String(commit), ` ${commit} `, `00${commit}`]) {
      const [id] = await create(row('Add', 10, { dependency }))
      t.equal(await dependencyOf(id), commit)
    }
    await clear()
  })
  t.test(
    'an id that does not exist, of another host, or scheduled later is refused, in this order',
    async (t) => {
      const [other] = await create(row('Commit', 20, {}, 'D2'))
      const [later] = await create(row('Commit', 20))
      const add = (dependency: unknown) => post('/install', row('Add', 10, { dependency }))
      for (const id of ['99999999', '0', '99999999999999999999', 2_147_483_647]) {
        failure(t, await add(id), `Dependency '${id}' does not exist in the database.`)
      }
      failure(t, await add(other), `The dependency '${other}' requested belongs to a different host.`)
      failure(t, await add(later), `The dependency '${later}' requested has a later scheduled time.`)
      t.match((await add(later)).body.api_response, {
        install_job_list: [{ server_repository, software_packages: 'a.pie' }],
      })
      await clear()
    },
  )
  t.test(
    "the guide's example: of two earlier Adds and a later one, the second of the earlier ones",
    async (t) => {
      const [, second] = [
        await create(row('Add', 10)),
        await create(row('Add', 11)),
        await create(row('Add', 13)),
      ]
      const [post] = await create(row('Post-Upgrade', 12, { dependency: 'Add' }))
      t.equal(await dependencyOf(post), second?.[0])
      await clear()
    },
  )
  t.test('the latest counts by its time, not by its id; ties go to the highest id', async (t) => {
    const [late] = await create(row('Add', 11))
    await create(row('Add', 10))
    const [first] = await create(row('Commit', 12, { dependency: 'Add' }))
    t.equal(await dependencyOf(first), late)
    const [tie] = await create(row('Add', 11))
    const [second] = await create(row('Commit', 11, { dependency: 'Add' }))
    t.equal(await dependencyOf(second), tie, 'not later than the new one: the same moment counts')
    await clear()
  })
  t.test('an action is looked for among earlier rows of the chain of this request too', async (t) => {
    const [old] = await create(row('Add', 10))
    const [add, commit] = await create(row('Add', 11), row('Commit', 12, { dependency: 'Add' }))
    t.equal(await dependencyOf(commit), add)
    const [, activate] = await create(row('Commit', 13), row('Activate', 13, { dependency: 'Commit' }))
    t.equal(
      await dependencyOf(activate),
      commit,
      'a later link of the request does not count, one of the database does',
    )
    t.not(commit, old)
    await clear()
  })
  t.test('an action of which there are only later jobs, or none, is refused', async (t) => {
    await create(row('Add', 20))
    const invalid = (name: string) =>
      `'${name}' is an invalid dependency or dependency does not belong to the same host.`
    const activate = (dependency: unknown) => post('/install', row('Activate', 10, { dependency }))
    failure(t, await activate('Add'), "The dependency 'Add' requested has a later scheduled time.")
    for (const name of ['Commit', 'add', 'nonsense', '-1', '1.5', '１', '12a', '__proto__']) {
      failure(t, await activate(name), invalid(name))
    }
    await clear()
  })
  t.test('a row never depends on itself, and one that would close a circle is refused', async (t) => {
    const invalid = (name: string) =>
      `'${name}' is an invalid dependency or dependency does not belong to the same host.`
    failure(t, await post('/install', row('Add', 10, { dependency: 'Add' })), invalid('Add'))
    const circle = await post('/install', [
      row('Remove', 10, { dependency: 'Deactivate' }),
      row('Deactivate', 10, { dependency: 'Remove' }),
    ])
    failure(t, circle, invalid('Deactivate'), invalid('Remove'))
    t.same(await rows('GET', '/install?hostname=D1'), [])
  })
  t.test('Remove and Deactivate honour an explicit dependency', async (t) => {
    const [commit] = await create(row('Commit', 10))
    const [deactivate] = await create(row('Deactivate', 10, { dependency: 'Commit' }))
    const [remove] = await create(row('Remove', 10, { dependency: String(deactivate) }))
    t.equal(await dependencyOf(deactivate), commit)
    t.equal(await dependencyOf(remove), deactivate)
    await clear()
  })
  t.test('what depends on a refused row is refused too, the others are created: 207', async (t) => {
    const answer = await post('/install', [
      row('Pre-Upgrade', 10),
      row('Add', 10, { dependency: '99999999' }),
      row('Activate', 10),
      row('Commit', 10),
      row('Commit', 10, {}, 'D2'),
    ])
    const follows = 'Not submitted. Its dependency failed.'
    failure(
      t,
      answer,
      undefined,
      "Dependency '99999999' does not exist in the database.",
      follows,
      follows,
      undefined,
    )
    t.same(Object.keys(answer.body.api_response), ['install_job_list'])
    t.same(pick(await rows('GET', '/install?hostname=D1'), 'install_action'), [
      { install_action: 'Pre-Upgrade' },
    ])
    await clear()
  })
  t.test('none created: 400, under both keys, with what was submitted', async (t) => {
    const submitted = [row('Add', 10, { dependency: 'Commit' }), row('Activate', 10)]
    const answer = await post('/install', submitted)
    t.equal(answer.status, 400)
    const messages = [
      "'Commit' is an invalid dependency or dependency does not belong to the same host.",
      'Not submitted. Its dependency failed.',
    ]
    const expected = submitted.map((each, i) => ({ ...each, status: 'FAILED', status_message: messages[i] }))
    t.same(answer.body.api_response, { install_job_list: expected, software_list: expected })
    t.equal(listOf(answer).length, 2)
  })
}
