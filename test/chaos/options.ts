// The command line of the chaos suite.
import { parseArgs } from 'node:util'

export interface ChaosOptions {
  seed: number
  routers: number
  waves: number
  /** How many disturbances there are, at the least; they go on until the work is done. */
  faults: number
}

export const helpText = `npm run chaos -- [options]

Runs hundreds of installation jobs on simulated routers in the cluster shape, while schedulers, executors and gateways
are killed, suspended and told to stop. Then a checker, which knows nothing of Slipway's code, reads the routers'
counters, the API and the databases: every accepted job reached one final state, chains kept their order, no router got
a command twice or from two sessions at once, logs are complete. Exit status 0 if all of this holds, else 1.

  --seed N      what happens when (default: from the clock; printed)
  --routers N   simulated routers (default 24)
  --waves N     1 to 3: upgrade; take an option off; put it on again (default 3)
  --faults N    disturbances before the last wave may be the end (default 30)
  --short       the form that CI runs: 8 routers, 1 wave, 8 disturbances
  --help        this text
`

const shortForm = { routers: 8, waves: 1, faults: 8 }

/** Reads the arguments; undefined: help was asked for. Errors: a TypeError or RangeError that names what is wrong. */
export function parseOptions(argv: string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      routers: { type: 'string' },
      waves: { type: 'string' },
      faults: { type: 'string' },
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const form = values.short ? shortForm : { routers: 24, waves: 3, faults: 30 }
  return {
    seed: count('seed', values.seed, 0, 2 ** 31 - 1),
    routers: count('routers', values.routers ?? String(form.routers), 1, 500),
    waves: count('waves', values.waves ?? String(form.waves), 1, 3),
    faults: count('faults', values.faults ?? String(form.faults), 0, 10_000),
  }
}

function count(name: string, given: string, least: number, most: number): number {
  const value = Number(given)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`--${name} must be a whole number from ${least} to ${most}, not '${given}'`)
}
