#!/usr/bin/env node
// `npm run service -- <name>`: one service as its own process (cluster shape). The service is imported into this very
// process, so that signals reach it.
import { existsSync, readdirSync } from 'node:fs'
import { prepare } from '../standalone/prepare.mjs'

const folder = new URL('../../services/', import.meta.url)
const names = readdirSync(folder).filter((each) => existsSync(new URL(`${each}/src/main.ts`, folder)))
const help = `One Slipway service as its own process (cluster shape).

  npm run service -- <name>           ${names.join(', ')}
  npm run service -- <name> --help    the settings of one service

Every service   NATS_URL (nats://user:password@host:4222), LOG_LEVEL, SLIPWAY_INSTANCE
But gateway     <NAME>_DATABASE_URL (postgresql://…); health, metrics: HOST and <NAME>_PORT
auth            SLIPWAY_MASTER_KEY, SLIPWAY_ADMIN_PASSWORD (at the very first start)
inventory       SLIPWAY_MASTER_KEY
catalog         CATALOG_FEED_DIR, CATALOG_FEED_SOURCE
executor        SLIPWAY_MASTER_KEY, SLIPWAY_LOG_DIR (a folder that all executors share)
distribution    SLIPWAY_DATA_DIR (the store is download in it; replicas share it)
gateway         EXECUTOR_URL (http://host:5004,…), DISTRIBUTION_URL (http://host:5005,…); HOST and PORT of the API; GATEWAY_PORT (health, metrics)
More: docs/operations.md`

const [name, ...rest] = process.argv.slice(2)
const wantsHelp = [name, ...rest].includes('--help')
if (name === undefined || !names.includes(name)) {
  if (wantsHelp) console.log(help)
  else console.error(`${name === undefined ? 'Which service?' : `There is no service '${name}'.`}\n\n${help}`)
  process.exit(wantsHelp ? 0 : 2)
}
prepare({ quiet: wantsHelp })
await import(`../../services/${name}/dist/main.js`)
