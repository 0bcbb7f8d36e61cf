// `npm run docs`: the pages in docs/ that are made from declarations.
import { prepare } from './prepare.mjs'

prepare({ quiet: true })
const { docs } = await import('./dist/docs/docs.js')
process.exitCode = await docs(process.argv.slice(2))
