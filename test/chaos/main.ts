// `npm run chaos`: the chaos suite from the command line.
import { runChaos } from './chaos.ts'
import { helpText, parseOptions } from './options.ts'

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(helpText)
  } else {
    const { ok } = await runChaos(options, (line) => console.log(line))
    process.exitCode = ok ? 0 : 1
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
