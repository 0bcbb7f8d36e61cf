// `npm run bench`: each file of test/bench is one benchmark; it prints figures, peers measured in the same run, and
// ratios. Nothing here passes or fails by time.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from '../../deploy/standalone/prepare.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test', 'bench')
const all = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'))

if (process.argv.includes('--help') || wanted.some((name) => !all.includes(name))) {
  console.log(`npm run bench [-- <name> …]   benchmarks: ${all.join(', ')}`)
  process.exit(process.argv.includes('--help') ? 0 : 2)
}

prepare()
let failed = false
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n# ${name}`)
  const args = ['--import=tsx', '--conditions=slipway-source', join(folder, `${name}.bench.ts`)]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
