/** `show install log [N] [detail]` of classic IOS XR. */
import { classicInstallTime } from '../device-time.ts'
import { type FamilyProfile, xrNodes } from '../families.ts'
import { endedLine, methodOf, startedLine } from './classic-text.ts'
import type { Operation } from './operation.ts'

/** Lines of one operation. */
export function classicLog(profile: FamilyProfile, operation: Operation, detail: boolean): string[] {
  const running = operation.state === 'running'
  const head = [
    `Install operation ${operation.id} started by user '${operation.user}' via CLI at ${classicInstallTime(operation.startedAt)}.`,
    `(admin) ${operation.text}`,
    running ? `Install operation ${operation.id} is currently in progress.` : endedLine(operation),
    '',
  ]
  if (!detail) return head
  const end = running ? [] : [endedLine(operation)]
  const logs = [startedLine(operation), ...operation.lines.map(({ text }) => text), ...end]
  return [
    ...head,
    'Install logs:',
    ...logs.map((line) => `    ${line}`),
    '',
    ...summaryOf(profile, operation),
  ]
}

/** Method and changes per node, for operations that changed the running software. */
function summaryOf(profile: FamilyProfile, operation: Operation): string[] {
  const { plan, state } = operation
  if (plan === undefined || state !== 'succeeded') return []
  const nodes = xrNodes(profile).map((node) => `${node.location}/CPU0`)
  const verb = operation.kind === 'deactivate' ? 'Deactivated:  ' : 'Activated:    '
  const steps = plan.steps.flatMap((step, index) => [
    `    Sub-operation ${index + 1}:`,
    `    Started at: ${classicInstallTime(operation.startedAt)}`,
    `    Install method: ${methodOf(plan.steps.length < 2 ? plan.reload : step.reload)}`,
    `    Summary of changes on nodes ${nodes.join(', ')}:`,
    ...step.packages.map((facts, at) => `        ${at === 0 ? verb : ' '.repeat(verb.length)}${facts.name}`),
    '        No processes affected',
    '',
  ])
  return ['Summary:', ...steps]
}
