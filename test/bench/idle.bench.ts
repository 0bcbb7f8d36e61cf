// What waiting jobs cost: CPU of Slipway's process and of PostgreSQL in rounds of 20 s without jobs, and with
// 100,000 jobs that are due next year. Aim: no difference that can be measured.
import { setTimeout as pause } from 'node:timers/promises'
import { median } from './figures.ts'
import { seedHosts, seedWaiting } from './support/seed.ts'
import { openStage } from './support/stage.ts'

const HOSTS = 10_000
const JOBS_OF_EACH = 10
const SECONDS = 20
const ROUNDS = 3

const stage = await openStage()
await seedHosts(stage, HOSTS)
await report('no waiting jobs')
await seedWaiting(stage, HOSTS, JOBS_OF_EACH)
await report(`${HOSTS * JOBS_OF_EACH} waiting jobs`)
await stage.close()

async function report(what: string): Promise<void> {
  // What seeding and vacuuming left to do is over by then.
  await pause(10_000)
  const rounds: { own: number; server: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await spend())
  const [own, server] = [rounds.map((round) => round.own), rounds.map((round) => round.server)]
  console.log(
    `${what}: ${median(own).toFixed(2)} s of Slipway's CPU (${list(own)}) and ${median(server).toFixed(2)} s of PostgreSQL's (${list(server)}) in ${SECONDS} s`,
  )
}

/** CPU of one round. PostgreSQL is read within the two looks at the metrics, which make it count the queue. */
async function spend(): Promise<{ own: number; server: number }> {
  const { cpuSeconds } = await stage.metrics()
  const server = stage.postgresCpuSeconds()
  await pause(SECONDS * 1_000)
  const served = stage.postgresCpuSeconds() - server
  return { own: (await stage.metrics()).cpuSeconds - cpuSeconds, server: served }
}

function list(figures: readonly number[]): string {
  return figures.map((figure) => figure.toFixed(2)).join(', ')
}
