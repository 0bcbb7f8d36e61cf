// The work: waves of jobs on every router. The first installs an option and a fix that restarts the router, the second
// takes the option off again, the third puts it on once more. Waves of one router follow each other by dependencies.
import { hostRow, region } from '../harness/fleet.ts'
import type { Lab, LabRouter } from '../harness/lab.ts'
import type { PatientClient } from './client.ts'

/** What the lab offers each family beside the complete upgrade (packages/router-sim, demo software). */
const software = {
  asr9k: { option: 'asr9k-mcast-px.pie-5.3.3', fix: 'asr9k-px-5.3.3.CSCuy81837.pie' },
  ncs5500: {
    option: 'ncs5500-mgbl-3.0.0.0-r601.x86_64.rpm',
    fix: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
  },
  'asr9k-x64': {
    option: 'asr9k-mcast-x64-2.0.0.0-r613.x86_64.rpm',
    fix: 'asr9k-os-supp-64-3.1.0.1-r613.CSCxr90021.x86_64.rpm',
  },
} as const

/** A job that the API accepted. */
export interface AcceptedJob {
  id: number
  hostname: string
  install_action: string
  /** The job before it in the chain of its router; undefined for the first. */
  after: number | undefined
}

type Created = Omit<AcceptedJob, 'after'>

/** The order in which the guide chains the actions of one request. */
const chain = ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit']

interface Row {
  install_action: string
  software_packages?: string
  server_repository?: string
  dependency?: number
}

export interface Workload {
  /** Region, repository, hosts. */
  prepare(): Promise<void>
  /** Submits a wave on a router. @returns the jobs that were accepted, in order */
  submit(wave: number, router: LabRouter): Promise<AcceptedJob[]>
}

export function createWorkload(client: PatientClient, lab: Lab): Workload {
  const repository = lab.repository.row.hostname
  /** The last job of each router: the next wave waits for it. */
  const last = new Map<string, number>()

  async function submitRows(hostname: string, rows: readonly Row[]): Promise<AcceptedJob[]> {
    const body = rows.map((row) => ({ hostname, ...row }))
    const { install_job_list: jobs } = await client.ask<{ install_job_list: Created[] }>(
      'POST',
      '/install',
      body,
    )
    const place = ({ install_action }: Created) => chain.indexOf(install_action)
    return jobs
      .sort((one, other) => place(one) - place(other))
      .map((job) => {
        const after = last.get(hostname)
        last.set(hostname, job.id)
        return { ...job, after }
      })
  }

  /** One row after the other, each depending on the one before: for actions outside of the guide's chain. */
  async function submitLine(hostname: string, rows: readonly Row[]): Promise<AcceptedJob[]> {
    const jobs: AcceptedJob[] = []
    for (const row of rows) {
      const dependency = last.get(hostname)
      jobs.push(
        ...(await submitRows(hostname, [{ ...row, ...(dependency === undefined ? {} : { dependency }) }])),
      )
    }
    return jobs
  }

  const waves = [
    ({ name, family }: LabRouter) => {
      const software_packages = Object.values(software[family]).join(',')
      // In an odd order on purpose: the chain is the server's to make.
      return submitRows(name, [
        { install_action: 'Commit' },
        { install_action: 'Activate', software_packages },
        { install_action: 'Pre-Upgrade' },
        { install_action: 'Add', software_packages, server_repository: repository },
        { install_action: 'Post-Upgrade' },
      ])
    },
    ({ name, family }: LabRouter) => {
      const software_packages = software[family].option
      return submitLine(name, [
        { install_action: 'Deactivate', software_packages },
        { install_action: 'Commit' },
        { install_action: 'Remove', software_packages },
      ])
    },
    ({ name, family }: LabRouter) => {
      const software_packages = software[family].option
      return submitLine(name, [
        { install_action: 'Add', software_packages, server_repository: repository },
        { install_action: 'Activate', software_packages },
        { install_action: 'Commit' },
      ])
    },
  ]

  return {
    async prepare() {
      await client.ask('POST', '/server_repositories', lab.repository.row)
      await client.ask('POST', '/regions', { region_name: region, server_repositories: [repository] })
      await client.ask('POST', '/hosts', lab.routers.map(hostRow))
    },
    async submit(wave, router) {
      const submitWave = waves[wave - 1]
      if (submitWave === undefined) throw new RangeError(`there is no wave ${wave}`)
      return submitWave(router)
    },
  }
}
