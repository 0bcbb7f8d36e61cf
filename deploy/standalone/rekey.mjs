#!/usr/bin/env node
// `npm run rekey`: seals everything again with the first key of SLIPWAY_MASTER_KEY.
import { prepare } from './prepare.mjs'

prepare({ quiet: true })
const { main } = await import('./dist/rekey/main.js')
process.exitCode = await main(process.argv.slice(2), process.env)
