/** What the install commands of both dialects share. */
import { FAULT_KINDS } from '../faults.ts'
import type { ChangePlan } from '../install/change-plan.ts'
import { expandName } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Operation, Outcome } from '../install/operation.ts'
import type { PackageFacts } from '../software/package-facts.ts'
import type { CommandContext } from './command-context.ts'

/** True when a command must be refused because another operation is running, really or by a fault. */
export function isBusy({ router, line }: CommandContext): boolean {
  return router.engine.current() !== undefined || router.faults.take(FAULT_KINDS.busy, line) !== undefined
}

/** Typed names resolved to packages; `unknown` are those that mean none. */
export interface Resolved {
  readonly packages: PackageFacts[]
  readonly unknown: string[]
}

/** Resolves names, or the packages of an earlier add by its operation id. */
export function resolvePackages(
  context: CommandContext,
  names: readonly string[],
  id: number | undefined,
): Resolved {
  const { store, engine } = context.router
  const known = store.all()
  const fromId = id === undefined ? [] : (engine.find(id)?.packages ?? [])
  const unknown = names.filter(
    (name) =>
      expandName(
        name,
        known.map((facts) => facts.name),
      ).length === 0,
  )
  const wanted = new Set([
    ...names.flatMap((name) =>
      expandName(
        name,
        known.map((facts) => facts.name),
      ),
    ),
    ...fromId,
  ])
  if (id !== undefined && fromId.length === 0) unknown.push(`id ${id}`)
  return { packages: known.filter((facts) => wanted.has(facts.name)), unknown }
}

/** Starts the background work of an operation; the router tells its end to the session that asked. */
export function runInBackground(
  context: CommandContext,
  operation: Operation,
  work: OperationWork,
  lastWords: () => string[],
): void {
  const { router, session, line } = context
  // The engine never rejects; whoever asked may have gone meanwhile, announcing then does nothing.
  router.engine.run(operation, line, work).then(
    () => router.announce(operation, lastWords(), session),
    () => undefined,
  )
}

/** Work of a change: the new set at once, or at the boot that follows. */
export function changeWork(
  context: CommandContext,
  plan: ChangePlan,
  lines: readonly string[],
): OperationWork {
  const { store } = context.router
  const apply = () => (plan.reload ? store.setPending(plan.nextActive) : store.setActive(plan.nextActive))
  const outcome: Outcome = { ok: true, apply, reload: plan.reload, lines }
  return () => Promise.resolve(outcome)
}

/** Runs a dialogue of an open operation; when the session is lost in it, the operation is aborted. */
export async function inDialogue<T>(
  context: CommandContext,
  operation: Operation,
  dialogue: () => Promise<T>,
): Promise<T> {
  try {
    return await dialogue()
  } catch (error) {
    context.router.engine.abort(operation.id, 'Terminal connection lost')
    throw error
  }
}
