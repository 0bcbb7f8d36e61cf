// Generates a service's Prisma client without the engine download that `prisma generate` tries on its own:
// the generator runs on WASM, so any existing executable satisfies the check (docs/adr/0003).
// Run by turbo in the service's folder: `pnpm run generate`.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const require = createRequire(`${process.cwd()}/package.json`)
const { status } = spawnSync(
  process.execPath,
  [require.resolve('prisma/build/index.js'), 'generate', '--no-hints'],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  },
)
process.exit(status ?? 1)
