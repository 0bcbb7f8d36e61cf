import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstallAction } from '@slipway/contracts'
import { DEMO_TAR } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, DEVICE_PASSWORD, dump, REPOSITORY_PASSWORD } from './harness.ts'

// Mostly waiting for routers, so side by side.
t.jobs = 3

const upgrades = {
  asr9k: {
    protocol: 'telnet',
    release: '6.1.4',
    optionName: 'asr9k-mcast-px-6.1.4',
    files: [
      'asr9k-mini-px.pie-6.1.4',
      'asr9k-k9sec-px.pie-6.1.4',
      'asr9k-mgbl-px.pie-6.1.4',
      'asr9k-mpls-px.pie-6.1.4',
      'asr9k-mcast-px.pie-6.1.4',
    ],
  },
  ncs5500: {
    protocol: 'ssh',
    release: '6.2.2',
    optionName: 'ncs5500-mgbl-3.0.0.0-r622',
    files: [
      'ncs5500-mini-x-6.2.2.iso',
      'ncs5500-k9sec-3.1.0.0-r622.x86_64.rpm',
      'ncs5500-mgbl-3.0.0.0-r622.x86_64.rpm',
      'ncs5500-mpls-2.1.0.0-r622.x86_64.rpm',
      'ncs5500-mpls-te-rsvp-2.2.0.0-r622.x86_64.rpm',
    ],
  },
} as const

for (const family of ['asr9k', 'ncs5500'] as const) {
  const { protocol, release, optionName, files } = upgrades[family]

  void t.test(`all seven actions on ${family} over ${protocol}`, { buffered: true }, async (t) => {
    const b = await bench(t)
    b.profiles = [{ name: 'mine', commands: ['show clock', 'show ipv4 interface brief'] }]
    await b.start()
    const host = await b.lab.add(family, { protocol })
    const completed = async (
      action: InstallAction | 'inventory',
      softwarePackages: readonly string[] = [],
    ) => {
      const result = await b.run(host, action, { softwarePackages: [...softwarePackages] })
      t.match(result, { outcome: 'completed', trace: '' }, `${action}: ${result.statusMessage}`)
      return result
    }
    await completed('inventory')
    const pre = await completed('Pre-Upgrade')
    const added = await completed('Add', files)
    t.ok(added.packageChanges.includes(optionName), 'tells what was added')
    t.equal((await completed('Add', files)).outcome, 'completed', 'adding again does no harm')
    const activated = await completed('Activate', files)
    t.ok(activated.packageChanges.includes(optionName), 'tells what became active')
    t.equal(host.router.state().release, release)
    t.equal(host.router.state().reloads, 1)
    t.match((await completed('Activate', files)).warnings, ['Nothing to be activated.'])
    const post = await completed('Post-Upgrade')
    await completed('Commit')
    t.notOk(host.router.state().uncommitted)
    t.same((await completed('Deactivate', [optionName])).packageChanges, [optionName])
    await completed('Commit')
    t.same((await completed('Remove', [optionName])).packageChanges, [optionName])
    t.match((await completed('Remove', ['*nothing-9.9.9*'])).warnings, [
      /nothing to be removed/,
      /already removed/,
    ])
    t.match(host.router.counts(), { add: 2, activate: 1, deactivate: 1, commit: 2, remove: 1 })

    await t.test('the inventory hears of facts, packages and parts', async (t) => {
      const last = await until(() => b.discoveries.length >= 9 && b.discoveries.at(-1), {
        message: 'discoveries',
      })
      t.match(last.discovery.facts, { softwareVersion: release, osType: family === 'asr9k' ? 'XR' : 'eXR' })
      t.ok(last.discovery.packages?.some(({ state }) => state === 'active-committed'))
      t.notOk(
        last.discovery.packages?.some(({ name }) => name === optionName),
        'removed',
      )
      t.ok((last.discovery.inventory?.length ?? 0) > 3)
    })

    await t.test('people see what happens', async (t) => {
      t.ok(b.progress.some(({ jobId }) => jobId === added.jobId))
      const eventsOf = (jobId: number) =>
        b.query<{ payload: { text?: string } }>(
          'SELECT payload FROM job_event WHERE job_id = $1 ORDER BY seq',
          [jobId],
        )
      const copying = await eventsOf(added.jobId)
      t.ok(
        copying.some(({ payload }) => /^Copying /.test(payload.text ?? '')),
        JSON.stringify(copying),
      )
      const events = await eventsOf(activated.jobId)
      t.ok(events.some(({ payload }) => payload.text === 'Waiting for device boot to reconnect'))
      t.ok(events.some(({ payload }) => payload.text === 'Waiting for all nodes to come up'))
    })

    await t.test('captures are kept and compared', async (t) => {
      const before = await readdir(join(b.logDir, String(pre.jobId), '1'))
      for (const name of ['session.log', 'plugins.log', 'show-running-config.txt', 'show-clock.txt']) {
        t.ok(before.includes(name), name)
      }
      const after = await readdir(join(b.logDir, String(post.jobId), '1'))
      t.ok(after.includes('show-clock.txt.diff.html'))
      t.match(
        await readFile(join(b.logDir, String(pre.jobId), '1', 'plugins.log'), 'utf8'),
        /Node Status Check Plugin/,
      )
    })

    await t.test('no secret is written anywhere', async (t) => {
      const everything = (await dump(b)) + JSON.stringify([b.results, b.discoveries, b.progress])
      for (const secret of [DEVICE_PASSWORD, REPOSITORY_PASSWORD]) {
        for (const spelling of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
          t.notOk(everything.includes(spelling))
        }
      }
      t.ok(everything.includes('sftp://files'), 'and yet what was sent is there')
    })

    // A tar that is remembered by its operation is a matter of classic IOS XR; the simulator has tars for it only.
    if (family === 'asr9k') {
      t.test('a tar is activated by the operation that added it', async (t) => {
        const other = await b.lab.add('asr9k')
        const softwarePackages = [DEMO_TAR]
        const early = await b.run(other, 'Activate', { softwarePackages })
        t.match(early, {
          outcome: 'failed',
          statusMessage: /^No install add operation of the exact selected packages/,
        })
        t.match(await b.run(other, 'Add', { softwarePackages }), { outcome: 'completed' })
        t.match(await b.run(other, 'Activate', { softwarePackages }), { outcome: 'completed' })
        t.match(other.router.mutations.at(-1), { kind: 'activate', text: /install activate id 1 / })
        t.equal(other.router.state().release, release)
      })
    }
  })
}

void t.test('what goes wrong is told in the words of the device', { buffered: true }, async (t) => {
  const b = await bench(t)
  const executor = await b.start()
  const classic = await b.lab.add('asr9k')
  const exr = await b.lab.add('ncs5500')
  const mcast = ['asr9k-mcast-px.pie-5.3.3']
  const failed = async (
    pending: ReturnType<Bench['run']>,
    statusMessage: RegExp | string,
    trace: RegExp = /^/,
  ) => {
    const result = await pending
    t.match(result, { outcome: 'failed', statusMessage, trace }, result.statusMessage)
    return result
  }

  await t.test('a wrong password', async () => {
    classic.router.setFaults([{ kind: 'wrong-password' }])
    await failed(b.run(classic, 'Pre-Upgrade'), /^The device refused the login/)
    classic.router.setFaults([])
  })

  await t.test('a router that refuses connections', async () => {
    classic.router.setFaults([{ kind: 'refuse' }])
    await failed(
      b.run(classic, 'inventory'),
      /^The device refused the connection|^Unable to reach the device/,
    )
    classic.router.setFaults([])
  })

  await t.test('a file that the repository does not have', async () => {
    await failed(
      b.run(classic, 'Add', { softwarePackages: ['asr9k-bng-px.pie-5.3.3'] }),
      /could not be found/,
      /Install operation \d+ failed/,
    )
    await failed(
      b.run(exr, 'Add', { softwarePackages: ['ncs5500-none-1.0.0.0-r601.x86_64.rpm'] }),
      /aborted|failed|Failed/,
    )
  })

  await t.test('files of another kind of router', async () => {
    await failed(b.run(classic, 'Add', { softwarePackages: ['x.bin'] }), /acceptable file extension/)
  })

  await t.test('an operation that the device aborts', async () => {
    for (const [host, file] of [
      [classic, 'asr9k-mcast-px.pie-5.3.3'],
      [exr, 'ncs5500-mgbl-3.0.0.0-r601.x86_64.rpm'],
    ] as const) {
      t.match(await b.run(host, 'Add', { softwarePackages: [file] }), { outcome: 'completed' })
      host.router.setFaults([
        { kind: 'abort', match: 'install activate', text: 'ERROR! the line card said no' },
      ])
      await failed(
        b.run(host, 'Activate', { softwarePackages: [file] }),
        /Operation \d+ failed/,
        /the line card said no/,
      )
      host.router.setFaults([])
      t.match(
        await b.run(host, 'Activate', { softwarePackages: [file] }),
        { outcome: 'completed' },
        'and then it works',
      )
    }
  })

  await t.test('a command that is refused', async () => {
    classic.router.setFaults([{ kind: 'reject', match: 'install commit' }])
    await failed(b.run(classic, 'Commit'), /The router refused 'admin install commit'/, /not authorized/)
    classic.router.setFaults([])
  })

  await t.test('packages that are not where they should be', async () => {
    await failed(
      b.run(classic, 'Activate', { softwarePackages: ['asr9k-doc-px-5.3.3'] }),
      /not in inactive packages list/,
    )
    await failed(
      b.run(classic, 'Deactivate', { softwarePackages: ['asr9k-doc-px-5.3.3'] }),
      /not in active packages list/,
    )
    await failed(b.run(classic, 'Remove', { softwarePackages: mcast }), /active cannot be removed/)
  })

  await t.test('a custom command that the router does not know', async () => {
    b.profiles = [{ name: 'mine', commands: ['show nonsense'] }]
    await failed(b.run(classic, 'Pre-Upgrade'), "Command Syntax Error: 'show nonsense'", /Invalid input/)
    b.profiles = []
  })

  await t.test('something that does not exist any more', async () => {
    b.missing = ["Server repository 'Lab' does not exist in the database."]
    await failed(
      b.run(classic, 'Add', { softwarePackages: mcast }),
      /^Server repository 'Lab' does not exist/,
    )
    b.missing = []
  })

  await t.test('a credential of another place', async () => {
    const moved = { ...classic, target: { ...classic.target } }
    const { sealedPassword } = classic.target
    Object.assign(classic.target, { sealedPassword: exr.target.sealedPassword })
    await failed(b.run(moved, 'inventory'), /cannot be opened with the master key/)
    Object.assign(classic.target, { sealedPassword })
  })

  await t.test('a session log stands there all the same', async (t) => {
    for (const { jobId } of b.results) {
      t.ok((await readdir(join(b.logDir, String(jobId), '1'))).includes('session.log'))
    }
  })
  await executor.stop()
  t.equal(
    classic.router.state().sessions.length + exr.router.state().sessions.length,
    0,
    'no session is left open',
  )
})
