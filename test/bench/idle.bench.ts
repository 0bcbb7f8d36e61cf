// What waiting jobs cost: CPU of Slipway's process and of PostgreSQL over half a minute without jobs, and with
// 100,000 jobs that are due next year. Aim: no difference that can be measured.
import { setTimeout as pause } from 'node:timers/promises'
import { seedHosts, seedWaiting } from './support/seed.ts'
import { openStage } from './support/stage.ts'

const HOSTS = 10_000
const JOBS_OF_EACH = 10
const SECONDS = 30

const stage = await openStage()
await seedHosts(stage, HOSTS)
await report('no waiting jobs')
await seedWaiting(stage, HOSTS, JOBS_OF_EACH)
await report(`${HOSTS * JOBS_OF_EACH} waiting jobs`)
await stage.close()

async function report(what: string): Promise<void> {
  // What seeding and vacuuming left to do is over by then.
  await pause(10_000)
  const [own, server] = [(await stage.metrics()).cpuSeconds, stage.postgresCpuSeconds()]
  await pause(SECONDS * 1_000)
  const spent = [(await stage.metrics()).cpuSeconds - own, stage.postgresCpuSeconds() - server]
  const [ownSpent = 0, serverSpent = 0] = spent
  console.log(
    `${what}: ${ownSpent.toFixed(2)} s of Slipway's CPU and ${serverSpent.toFixed(2)} s of PostgreSQL's in ${SECONDS} s`,
  )
}
