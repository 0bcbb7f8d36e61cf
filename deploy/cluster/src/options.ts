// What the command line of `npm run cluster` says.
import { parseArgs } from 'node:util'
import { databaseOwners, topologyText } from './topology.ts'

export const helpText = `Slipway, the cluster shape on one machine: nats-server, PostgreSQL, and every service as
processes of its own (${topologyText}), the gateways behind one port. For trying
and for tests.

  npm run cluster            starts it; Ctrl-C stops everything in order
  npm run service -- --help  one service as its own process, for deployments

Settings (environment), as for npm start
  HOST, PORT                 where the API listens           default 127.0.0.1, 5000
                             (health and metrics of the processes: the free ports above it)
  SLIPWAY_DATA_DIR           database, logs, master key      default ./data
  SLIPWAY_ADMIN_PASSWORD     password of the admin 'root', used at the very first start
  SLIPWAY_MASTER_KEY         k2:<base64>,k1:<base64>         default: made in SLIPWAY_DATA_DIR
  SLIPWAY_LOG_DIR            session logs of jobs            default SLIPWAY_DATA_DIR/logs
  TLS_CERT, TLS_KEY          files: serve HTTPS
  LOG_LEVEL                  trace … error                   default warn
  NATS_URL                   a NATS of your own instead of a nats-server started here
  <SERVICE>_DATABASE_URL     databases of your own, for ${databaseOwners.join(', ').toUpperCase()}
More: docs/operations.md
`

/** Reads the arguments. Errors: a TypeError that names the unknown one. */
export function parseOptions(argv: string[]): { help: boolean } {
  const { values } = parseArgs({
    args: argv,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  })
  return { help: values.help }
}
