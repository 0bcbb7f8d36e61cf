// What the command line says. Scripts of package.json: `npm start`, `npm run demo`, `npm run lab`.
import { parseArgs } from 'node:util'

export interface Options {
  help: boolean
  demo: boolean
  /** With --demo: end after the upgrade, status 0 or 1. */
  exit: boolean
}

export const helpText = `Slipway, software manager for fleets of Cisco IOS XR routers: the standalone shape.

  npm start                  everything in one process, with its own PostgreSQL
  npm run demo               the same with a lab of simulated routers and one full upgrade
  npm run demo -- --exit     ends after the upgrade, with status 0 or 1
  npm run lab -- --help      only the simulated routers

Settings (environment)
  HOST, PORT                 where the API listens           default 127.0.0.1, 5000
  SLIPWAY_DATA_DIR           database, logs, master key      default ./data
  SLIPWAY_ADMIN_PASSWORD     password of the admin 'root', used at the very first start
                             (otherwise one is generated and printed once)
  SLIPWAY_MASTER_KEY         k2:<base64>,k1:<base64>         default: made in SLIPWAY_DATA_DIR
  SLIPWAY_LOG_DIR            session logs of jobs            default SLIPWAY_DATA_DIR/logs
  TLS_CERT, TLS_KEY          files: serve HTTPS
  LOG_LEVEL                  trace … error                   default warn
All settings: docs/settings.md

Ctrl-C stops in order: running jobs are handed over and go on at the next start. A second Ctrl-C ends at once.
`

/** Reads the arguments. Errors: a TypeError that names the unknown one. */
export function parseOptions(argv: string[]): Options {
  const { values } = parseArgs({
    args: argv,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      demo: { type: 'boolean', default: false },
      exit: { type: 'boolean', default: false },
    },
  })
  return { help: values.help, demo: values.demo, exit: values.exit }
}
