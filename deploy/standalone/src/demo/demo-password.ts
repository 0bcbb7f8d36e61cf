// The demo speaks the public API, so it needs the admin's password. A generated one is shown once and kept nowhere;
// for the demo's own data directory it is remembered in a private file, or a second `npm run demo` could not log in.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const fileIn = (dataDir: string): string => join(dataDir, 'demo-password')

/** Remembers the generated password, as soon as there is one: the rest of this start may fail. */
export function rememberDemoPassword(dataDir: string, password: string): void {
  writeFileSync(fileIn(dataDir), password, { mode: 0o600 })
}

/** @param configured SLIPWAY_ADMIN_PASSWORD, which wins if it is set */
export function demoPassword(dataDir: string, configured: string | undefined): string {
  if (configured) return configured
  const file = fileIn(dataDir)
  if (existsSync(file)) return readFileSync(file, 'utf8')
  throw new Error(`set SLIPWAY_ADMIN_PASSWORD to the password of the admin 'root' of ${dataDir}`)
}
