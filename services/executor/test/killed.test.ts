// The kill table once more, for a real process: one executor has a run of every action on both kinds of IOS XR at each of
// the five moments, fifty at once, and gets a SIGKILL. The next executor brings all of them to an end.
import { natsServer, until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, type LabHost } from './harness.ts'
import {
  type Action,
  actions,
  checkKilled,
  type Family,
  families,
  fixFiles,
  inProgress,
  journal,
  type Killed,
  type Moment,
  moments,
  restarts,
  startOf,
} from './kill-cases.ts'
import { stretchCord } from './mortal.ts'
import { startProcess } from './process.ts'

const LONG_MS = 600_000

interface Prepared extends Omit<Killed, 'jobId'> {
  /** Resolves when the command was said on the cord to the router. */
  readonly said: Promise<void>
  /** The way to the router is as it was. */
  readonly restore: () => void
}

/** What is asked for stops at the moment and stays there. A cord that is to hear the command needs Telnet. */
async function prepare(b: Bench, family: Family, action: Action, when: Moment): Promise<Prepared> {
  const lasts = when === 'in progress' || when === 'in the restart'
  const timing = { operationMs: lasts ? LONG_MS : 200 }
  const onCord = when === 'before it is sent' || when === 'before the answer'
  const host = await b.lab.add(family, {
    ...startOf(family, action),
    timing,
    ...(onCord ? { protocol: 'telnet' } : {}),
    ...(when === 'in the restart' ? { faults: [{ kind: 'stay-down' }] } : {}),
  })
  const killed = { b, host, family, action, when }
  if (!onCord) return { ...killed, said: Promise.resolve(), restore: () => undefined }
  const { ports } = host.target
  const cord = await stretchCord(t, { host: '127.0.0.1', port: ports[0] ?? 0 })
  Object.assign(host.target, { ports: [cord.port] })
  // Not `show install committed`.
  const words = `install ${action.toLowerCase()}${action === 'Commit' ? '\r' : ' '}`
  const said = cord.hold(words, when === 'before the answer' ? 'reply' : 'request')
  const restore = () => {
    cord.cut()
    Object.assign(host.target, { ports })
  }
  return { ...killed, said, restore }
}

/** Brings a run that was offered to its moment. */
async function arrive({ b, host, action, when, said, jobId }: Prepared & Killed): Promise<void> {
  const { router } = host
  await said
  switch (when) {
    case 'before it is sent':
      return
    case 'before the answer':
      await until(() => router.mutations.length === 1, { message: 'the router has the command' })
      return
    case 'in progress':
      return inProgress(b, jobId)
    case 'in the restart': {
      await inProgress(b, jobId)
      const reload = new Promise<void>((resolve) => router.once('reload', () => resolve()))
      if (restarts(action)) router.hurry()
      else router.powerCycle()
      return reload
    }
    case 'before the result':
      await until(
        async () =>
          (await journal(b, jobId))[0]?.outcome === 'succeeded' && router.state().sessions.length === 0,
        { message: 'the work is done', timeoutMs: 60_000 },
      )
  }
}

/** What stood still goes on. */
function goOn({ host, restore }: { host: LabHost; restore: () => void }): void {
  restore()
  host.router.setFaults([])
  host.router.hurry()
}

t.test('a process with fifty runs is killed: every action, on both systems, at every moment', async (t) => {
  const { url: nats } = await natsServer(t)
  const b = await bench(t, nats)
  const { cord, child } = await startProcess(t, b, { name: 'mortal', nats })
  // Where results are recorded it stands still.
  void cord.hold("state = 'ended', outcome", 'request')
  const prepared = await Promise.all(
    families.flatMap((family) =>
      actions.flatMap((action) => moments.map((when) => prepare(b, family, action, when))),
    ),
  )
  const runs = prepared.map((each) => {
    const softwarePackages = each.action === 'Commit' ? [] : [fixFiles[each.family]]
    return { ...each, jobId: b.offer(each.host, each.action, { softwarePackages }, 'mortal').jobId }
  })
  await Promise.all(runs.map(arrive))
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
  t.same(b.results, [], 'nobody was told a result')
  t.match(await b.query("SELECT count(*)::int AS open FROM run WHERE state = 'running' AND attempt = 1"), [
    { open: runs.length },
  ])

  for (const run of runs) goOn(run)
  await b.query("UPDATE run SET lease_until = 'epoch' WHERE state <> 'ended'")
  await b.start({ EXECUTOR_SOLE: 'false', EXECUTOR_NAME: 'survivor' })
  for (const run of runs) {
    await t.test(`${run.action} on ${run.family}, ${run.when}`, (t) => checkKilled(t, run))
  }
})
