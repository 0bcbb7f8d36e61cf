#!/usr/bin/env node
// The entry point of `npm run cluster`. Plain JavaScript on Node alone, because in a fresh clone nothing else is there
// yet. It prepares the tree like `npm start`, then imports the supervisor into this very process.
import { prepare } from '../standalone/prepare.mjs'

const argv = process.argv.slice(2)
prepare({ quiet: argv.includes('--help') || argv.includes('-h') })
const startedAt = performance.now()
const { main } = await import('./dist/main.js')
await main(argv, { startedAt })
