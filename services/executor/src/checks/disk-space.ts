// Before an Add on classic XR: are the packages too large for the disk? The router can tell the size of a package
// only for TFTP and FTP, and not for tar files; in all other cases the Add itself will tell.
import type { ActionContext, Check } from '../actions/action.ts'
import { actionFailure } from '../actions/failure.ts'
import { sourceOf } from '../actions/source.ts'

const FILESYSTEM = 'show filesystem'
/** `  6442450944    5368709120  flash-disk     rw  disk0:`: size, free bytes */
const DISK_ROW = /^\s*(\d+)\s+(\d+)\s+\S+\s+\S+\s+disk0:/m
/** `Uncompressed size : 104857600` */
const UNCOMPRESSED = /Uncompressed size\s*:\s*(\d+)/i
/** A single package of classic XR: `asr9k-mcast-px.pie-5.3.3`. */
const PIE = /\.pie\b/i

export const diskSpaceCheck: Check = {
  name: 'Disk Space Check Plugin',
  async run(context) {
    const { job, report, repository } = context
    if (repository === undefined || !['TFTP', 'FTP'].includes(repository.serverType)) {
      return report.info('The router can tell package sizes for TFTP and FTP repositories only; skipped')
    }
    const source = sourceOf(repository, job.serverDirectory, 'url')
    if (source.kind !== 'url') return
    const available = await freeBytes(context)
    const required = available === undefined ? undefined : await requiredBytes(context, source.url)
    if (available === undefined || required === undefined)
      return report.info('The router does not tell; skipped')
    if (required > available) {
      throw actionFailure(
        "Not enough space on disk0: to install packages. The install process can't proceed. " +
          `Total (required/available): ${required}/${available} bytes`,
      )
    }
    report.info(`Total (required/available): ${required}/${available} bytes`)
  },
}

async function freeBytes({ device, times }: ActionContext): Promise<number | undefined> {
  const { output } = await device.read(FILESYSTEM, times.commandMs)
  const free = DISK_ROW.exec(output)?.[2]
  return free === undefined ? undefined : Number(free)
}

/** Undefined if the router does not know the command. */
async function requiredBytes(
  { device, job, report, times }: ActionContext,
  url: string,
): Promise<number | undefined> {
  let sum = 0
  for (const file of job.softwarePackages) {
    if (!PIE.test(file)) {
      report.info(`'${file}' is not a pie; the required space will not be accurate`)
      continue
    }
    const { output, failed } = await device.read(
      `admin show install pie-info ${url}/${file}`,
      times.commandMs,
    )
    const size = UNCOMPRESSED.exec(output)?.[1]
    if (failed || size === undefined) return undefined
    sum += Number(size)
  }
  return sum
}
