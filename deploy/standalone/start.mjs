#!/usr/bin/env node
// The entry point of the standalone shape. Plain JavaScript on Node alone, because in a fresh clone nothing else is
// there yet. It prepares the tree once (packages, generated clients, build), then imports the application into
// this very process: a child below npx or pnpm would be killed by Ctrl-C in the middle of its drain.
import { prepare } from './prepare.mjs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Slipway needs Node.js 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}

const argv = process.argv.slice(2)
const isLab = argv[0] === '--lab'
prepare({ quiet: isLab || argv.includes('--help') || argv.includes('-h') })
const startedAt = performance.now()
if (isLab) {
  const { lab } = await import('./dist/lab.js')
  await lab(argv.slice(1))
} else {
  const { main } = await import('./dist/main.js')
  await main(argv, { startedAt })
}
