// `npm run chaos`: prepares the tree, then runs the chaos suite from its source.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from '../../deploy/standalone/prepare.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
prepare({ quiet: process.argv.includes('--help') })
const args = ['--import=tsx', '--conditions=slipway-source', join(root, 'test', 'chaos', 'main.ts')]
const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
