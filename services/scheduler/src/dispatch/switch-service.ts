// Use cases of dispatch switches.
import {
  createError,
  type ReplyOf,
  type SwitchInput,
  type SwitchRow,
  type schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import type { Clock, Logger } from '@slipway/service-kit'
import { ensureHosts, lockHosts } from '../hosts/host-store.ts'
import { lockClaims } from '../runs/claim-store.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import { listRows, planChanges, switchRow } from './switch.ts'
import { readPauses, writeSwitches } from './switch-store.ts'

export interface SwitchServiceDeps {
  store: SchedulerStore
  clock: Pick<Clock, 'now'>
  /** Something was resumed, perhaps: look whether work is due. */
  changed: () => void
  log: Logger
}

/** Who sets switches, by which request. */
interface By {
  user: string
  requestId: string
}

type Answers = ReplyOf<typeof schedulerMessages.setSwitches>['rows']

export interface SwitchService {
  list(): Promise<SwitchRow[]>
  /** Pauses and resumes. When it resolves, nothing of a paused scope is handed out any more. */
  set(rows: readonly SwitchInput[], by: By): Promise<Answers>
}

export function createSwitchService({ store, clock, changed, log }: SwitchServiceDeps): SwitchService {
  return {
    list: async () => listRows(await readPauses(store.db)),
    async set(rows, by) {
      const answers = await store.transact((tx) => setRows(tx, rows, { user: by.user, now: clock.now() }))
      changed()
      for (const { switch: row } of answers) {
        if (row === undefined) continue
        const { scope, name, paused, reason } = row
        log.info({ ...by, scope, name, paused, reason }, 'a dispatch switch was set')
      }
      return answers
    },
  }
}

async function setRows(
  tx: Db,
  rows: readonly SwitchInput[],
  by: { user: string; now: Date },
): Promise<Answers> {
  // A claim that began before has ended, and those that follow see what is written here.
  await lockClaims(tx)
  const released = await lockNamedHosts(tx, rows)
  const isGone = ({ scope, target }: SwitchInput) => scope === 'host' && released.has(target)
  const existing = rows.filter((row) => !isGone(row))
  await writeSwitches(tx, planChanges(existing, await readPauses(tx), by))
  const pauses = await readPauses(tx)
  return rows.map((row) =>
    isGone(row)
      ? { error: toErrorBody(createError('INVENTORY_HOST_NOT_FOUND', [row.name])) }
      : { switch: switchRow(row, pauses) },
  )
}

/** A host may be paused before its record has come from the inventory. @returns those that were released */
async function lockNamedHosts(tx: Db, rows: readonly SwitchInput[]): Promise<ReadonlySet<string>> {
  const hosts = rows.filter(({ scope }) => scope === 'host')
  if (hosts.length === 0) return new Set()
  await ensureHosts(tx, new Map(hosts.map(({ target, name }) => [target, name])))
  const { released } = await lockHosts(
    tx,
    hosts.map(({ target }) => target),
  )
  return released
}
