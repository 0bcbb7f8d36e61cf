// Installs and builds what a start needs, but only if something changed since the last time. The stamp is a hash of
// the lockfile and all sources, so a warm start runs no npx, pnpm or turbo.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const stampFile = join(root, 'node_modules', '.slipway-build')
const sourceFolders = ['packages', 'services', 'deploy']
const skipped = new Set(['node_modules', 'dist', 'generated', 'test', 'fixtures', '.turbo', '.tap'])
const counted = /\.(ts|mjs|json|prisma|sql|toml|yaml)$/

/** Makes sure that packages are installed and the build is the one of the present sources. */
export function prepare({ quiet = false, force = false } = {}) {
  const stamp = hashSources()
  if (!force && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const say = quiet ? () => {} : (text) => console.error(`slipway: ${text}`)
  say('first start or changed sources: preparing (about a minute the first time)')
  say('1/3 installing packages')
  pnpm(packageManager, ['install', '--frozen-lockfile', '--reporter=append-only'])
  say('2/3 generating database clients')
  pnpm(packageManager, ['exec', 'turbo', 'run', 'generate', '--output-logs=errors-only'])
  say('3/3 compiling')
  pnpm(packageManager, ['exec', 'tsc', '-b'])
  writeFileSync(stampFile, stamp)
}

/** Runs exactly the pnpm that package.json names, whatever is installed on the machine. */
function pnpm(packageManager, args) {
  const command = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const { status, error, stdout, stderr } = spawnSync(command, ['--yes', packageManager, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', CI: 'true' },
  })
  if (status === 0) return
  console.error(stdout ?? '', stderr ?? '')
  console.error(`slipway: '${packageManager} ${args.join(' ')}' failed${error ? `: ${error.message}` : ''}.`)
  process.exit(1)
}

function hashSources() {
  const hash = createHash('sha256')
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'tsconfig.base.json',
    'tsconfig.json',
  ]
  for (const file of [...files, ...sourceFolders.flatMap((folder) => listFiles(folder))]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.update(process.versions.modules).digest('hex')
}

function listFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (skipped.has(entry.name)) return []
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return listFiles(path)
      return counted.test(entry.name) && !entry.name.endsWith('.tsbuildinfo') ? [path] : []
    })
}
