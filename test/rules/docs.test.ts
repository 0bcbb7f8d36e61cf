// The generated pages are those that `npm run docs` would write now.
import { execFile } from 'node:child_process'
import { appendFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './checks/tree.ts'

/** What `npm run docs` does after its preparations, from the sources of this moment. */
const command = `
  const { docs } = await import(${JSON.stringify(join(root, 'deploy/standalone/src/docs/docs.ts'))})
  process.exitCode = await docs(process.argv.slice(1))
`
const node = ['--import=tsx', '--conditions=slipway-source', '--input-type=module', '--eval', command, '--']

function docs(...args: string[]): Promise<{ status: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...node, ...args], { cwd: root }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, output: `${stdout}${stderr}` }),
    )
  })
}

t.test('are up to date', async (t) => {
  t.same(await docs('--check'), { status: 0, output: 'up to date\n' })
})

t.test('a page that was edited is found', async (t) => {
  const folder = t.testdir({})
  cpSync(join(root, 'docs'), folder, { recursive: true })
  appendFileSync(join(folder, 'settings.md'), 'edited\n')
  const found = await docs('--check', '--folder', folder)
  t.equal(found.status, 1)
  t.match(found.output, /^settings\.md: not up to date/)
})
