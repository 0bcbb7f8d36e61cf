// Programs that others wrote and that tests need.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The part of tap's `t` with which something is reported as left out. */
interface Skips {
  pass(message: string, extra: { skip: string }): unknown
}

/**
 * True if these programs are on the PATH. Otherwise the tests that need them are left out, and the report says so and
 * how to get them; where the environment variable CI is set they never are: there it throws.
 * @param programs each with the Debian package it is in
 */
export function havePrograms(t: Skips, programs: Readonly<Record<string, string>>): boolean {
  const missing = Object.entries(programs).filter(([program]) => !isOnPath(program))
  if (missing.length === 0) return true
  const names = missing.map(([program]) => program).join(', ')
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ')
  const advice = `no ${names} on this machine (Debian: apt-get install ${packages})`
  if (process.env['CI']) throw new Error(`Tests cannot run: ${advice}`)
  t.pass(`LEFT OUT: all tests that need ${names}`, { skip: advice })
  return false
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder || '.', program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
