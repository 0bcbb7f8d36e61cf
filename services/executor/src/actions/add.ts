// Add: the router fetches the files itself, and says itself what the repository does not have. Over SCP it copies
// them to its own disk first.
import { type Answer, isAddable } from '@slipway/router-session'
import type { ActionContext, ActionResult, ActionStep } from './action.ts'
import { rememberAdd } from './add-memory.ts'
import { summarize } from './device-text.ts'
import { allText } from './dialect.ts'
import { actionFailure } from './failure.ts'
import { install } from './install.ts'
import { throughOutages } from './install-watch.ts'
import type { InstallOrder } from './operation-order.ts'
import { appeared } from './selection.ts'
import { readSoftware } from './software.ts'
import { type Source, sourceOf } from './source.ts'

/** `Password:`, `password:`, `root@10.0.0.1's password:` */
const PASSWORD = /[Pp]assword:\s*$/
/** First contact of an SSH client: `Are you sure you want to continue connecting (yes/no)?` */
const UNKNOWN_HOST = /continue connecting \(yes\/no(?:\/\[fingerprint\])?\)\?\s*$/
/** `Destination filename [disk0:/a.pie]?` */
const DESTINATION = /Destination filename \[[^\]]*\]\s?\?\s*$/
/** What tells that a copy went wrong although the command was understood. */
const COPY_FAILED =
  /Permission denied|No such file|not found|lost connection|Connection (?:refused|timed out|closed)|No route to host|No space left|Not enough space|%Error/i

/** The step of an Add job. */
export const addStep: ActionStep = {
  name: 'Install Add Plugin',
  async run(context: ActionContext): Promise<ActionResult> {
    const { report, memory } = context
    report.status('Add Package(s) Pending')
    const files = acceptable(context)
    const end = await install(context, 'add', async () =>
      order(context, await sourceFor(context, files), files),
    )
    const software = await throughOutages(context, () => readSoftware(context))
    if (end === undefined) return { packageChanges: [] }
    const { before } = end.entry
    const known = [...before.inactive, ...before.active]
    const packageChanges = appeared(known, software.inactive)
    if (end.operationId !== undefined) {
      const packages = appeared(before.inactive, software.inactive)
      await rememberAdd(memory, files, { operationId: end.operationId, packages })
    }
    return { packageChanges }
  },
}

function acceptable(context: ActionContext): string[] {
  const { job, dialect, report, facts } = context
  const { family } = facts()
  const files = job.softwarePackages.filter((file) => isAddable(file, dialect.osType, family))
  if (files.length === 0) {
    throw actionFailure('None of the selected package(s) has an acceptable file extension.')
  }
  for (const file of job.softwarePackages) {
    if (!files.includes(file)) report.warn(`'${file}' is not a file this router can add; it is left out.`)
  }
  return files
}

/** Asked for only when the command is about to be sent: a link is opened for it, and may no longer be possible later. */
async function sourceFor(context: ActionContext, files: readonly string[]): Promise<Source> {
  const { repository, builtIn, job, dialect } = context
  if (repository === undefined) throw actionFailure('No server repository is provided.')
  const own = await builtIn.open(repository, job.serverDirectory, files)
  return own ?? sourceOf(repository, job.serverDirectory, dialect.passwordPlace)
}

async function order(
  context: ActionContext,
  source: Source,
  files: readonly string[],
): Promise<InstallOrder> {
  const { dialect } = context
  if (source.kind === 'scp') await copy(context, source, files)
  const software = await readSoftware(context)
  const place = source.kind === 'scp' ? source.destination : source.url
  const command = dialect.commands.add(place, files)
  return {
    kind: 'add',
    command,
    targets: files,
    software,
    answers: source.kind === 'scp' ? [] : answers(source),
  }
}

function answers(source: Source): Answer[] {
  return [
    { when: UNKNOWN_HOST, send: 'yes' },
    ...(source.password === '' ? [] : [{ when: PASSWORD, send: source.password, hidden: true }]),
  ]
}

/** Copies the files one by one. Copying again after an interruption does no harm, so nothing is asked before. */
async function copy(
  context: ActionContext,
  source: Extract<Source, { kind: 'scp' }>,
  files: readonly string[],
): Promise<void> {
  const { device, journal, report, times } = context
  for (const file of files) {
    report.status(`Copying ${file}`)
    const command = `scp ${source.remote}/${file} ${source.destination}`
    const entry = await journal.write('copy', command, {
      at: context.clock.now().toISOString(),
      targets: [file],
      inactive: [],
      active: [],
    })
    const result = await device.write(command, {
      timeoutMs: times.installCommandMs,
      fence: journal.fence,
      breakOff: true,
      answers: [...answers(source), { when: DESTINATION, send: '' }],
    })
    const text = allText(result)
    if (result.failed || COPY_FAILED.test(text)) {
      await journal.conclude(entry, 'refused', text)
      throw actionFailure(`'${file}' could not be copied to the router: ${summarize(text)}`, text)
    }
    await journal.conclude(entry, 'succeeded')
  }
}
