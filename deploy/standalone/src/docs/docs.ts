// `npm run docs`: writes the pages that are made from declarations, or tells whether they are up to date.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { errorsPage } from './errors-page.ts'
import { settingsPage } from './settings-page.ts'
import { subjectsPage } from './subjects-page.ts'

const docsFolder = fileURLToPath(new URL('../../../../docs', import.meta.url))
const pages = { 'errors.md': errorsPage, 'settings.md': settingsPage, 'subjects.md': subjectsPage }
const usage = `npm run docs               writes docs/errors.md, docs/settings.md and docs/subjects.md
npm run docs -- --check    tells whether they are up to date (status 1 if not)
                --folder   another folder than docs
`

/** Runs the command and returns its status. */
export async function docs(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      check: { type: 'boolean', default: false },
      folder: { type: 'string', default: docsFolder },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const stale: string[] = []
  for (const [file, render] of Object.entries(pages)) {
    const path = join(values.folder, file)
    const text = render()
    if ((await readFile(path, 'utf8').catch(() => '')) === text) continue
    stale.push(file)
    if (!values.check) await writeFile(path, text)
  }
  const verdict = values.check ? 'not up to date, run npm run docs' : 'written'
  process.stdout.write(stale.length === 0 ? 'up to date\n' : `${stale.join(', ')}: ${verdict}\n`)
  return values.check && stale.length > 0 ? 1 : 0
}
