// `npm run lab`: only the simulated routers and their repositories.
import { runLabCli } from '@slipway/router-sim'

/** Runs the lab until it is told to stop; exits the process with its status. */
export async function lab(argv: string[]): Promise<void> {
  const code = await runLabCli(argv, {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  })
  process.exitCode = code
}
