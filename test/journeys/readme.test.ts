// The walk through the API in README.md works as printed. `UPDATE_README=1` writes what was answered into it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { havePrograms } from '@slipway/test-kit'
import t from 'tap'
import { repositoryRoot } from '../harness/child.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { startLab } from '../harness/lab.ts'
import { freePort, startSlipway } from '../harness/slipway.ts'
import { readSteps, runSteps, writeOutputs } from '../harness/transcript.ts'

const readme = join(repositoryRoot, 'README.md')
const text = readFileSync(readme, 'utf8')

/** What differs from run to run, and long lines as a reader wants them. */
function settle(output: string): string {
  return output
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJhbGciOiJFUzI1NiIsInR5cCI6…')
    .replace(
      /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} 20[23]\d \d{2}:\d{2}:\d{2} GMT/g,
      'Sat, 21 Nov 2026 08:00:00 GMT',
    )
    .trimEnd()
}

if (havePrograms(t, { curl: 'curl' })) {
  t.test('the walk through the API works as printed', async (t) => {
    const { path: dir, remove } = await makeDataDir()
    t.teardown(remove)
    const basePort = 20_000 + Math.floor(Math.random() * 8_000)
    const lab = await startLab(['--base-port', String(basePort), '--password', 'lab-secret'])
    t.teardown(() => lab.stop())
    const port = await freePort()
    const slipway = await startSlipway(join(dir, 'data'), {
      port,
      env: { SLIPWAY_ADMIN_PASSWORD: 'choose-a-long-one' },
    })
    t.teardown(() => slipway.child.stop())

    const steps = readSteps(text)
    const local = steps.map(({ command }) =>
      command
        .replaceAll('localhost:5000', `localhost:${port}`)
        .replaceAll('20000', String(basePort))
        .replaceAll('20005', String(basePort + 5)),
    )
    const outputs = (await runSteps(local, dir)).map((output) =>
      settle(output)
        .replaceAll(`"${basePort}"`, '"20000"')
        .replaceAll(`:${basePort + 5}"`, ':20005"'),
    )
    if (process.env['UPDATE_README']) writeFileSync(readme, writeOutputs(text, outputs))
    for (const [index, step] of steps.entries()) {
      t.equal(outputs[index], settle(step.output), step.command.split('\n', 1).join())
    }
  })
}
