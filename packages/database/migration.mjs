// Makes or checks a service's migrations, in the service's folder: `pnpm run migration <name>` or `--check`.
import { register } from 'tsx/esm/api'

register()
const { runMigrationCommand } = await import('./src/migration-command.ts')
process.exitCode = await runMigrationCommand(process.argv.slice(2), process.cwd())
