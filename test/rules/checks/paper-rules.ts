// Rules of READMEs and pages.
import { dirname, join, normalize } from 'node:path/posix'
import { among, type Rule } from './tree.ts'

/** `[text](docs/errors.md#bus)`, not `![…]`'s address of a web page */
const LINK = /\]\(([^)\s]+)\)/g
/** ```` ``` ```` to its end; links in examples are none */
const FENCED = /^```[\s\S]*?^```/gm
/** `| \`EXECUTOR_LEASE\` |` at the beginning of a row of docs/settings.md */
const SETTING_ROW = /^\| `([A-Z0-9_]+)`/gm

/** Every package and service says what it is. */
export const readmes: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path))
  return among(files, /^(packages|services|deploy)\/[^/]+\/package[.]json$/)
    .map(({ path }) => `${dirname(path)}/README.md`)
    .filter((path) => !paths.has(path))
}

/** A service that depends on the database package has a schema and migrations. */
export const databaseFolders: Rule = (files) => {
  const paths = files.map(({ path }) => path)
  return servicesWithDatabase(files).flatMap((folder) => [
    ...(paths.includes(`${folder}/prisma/schema.prisma`) ? [] : [`${folder}/prisma/schema.prisma`]),
    ...(paths.some((path) => path.startsWith(`${folder}/prisma/migrations/`))
      ? []
      : [`${folder}/prisma/migrations`]),
  ])
}

/** Folders of the services that have a database. */
export function servicesWithDatabase(files: Parameters<Rule>[0]): string[] {
  return among(files, /^services\/[^/]+\/package[.]json$/)
    .filter(({ text }) => '@slipway/database' in dependenciesOf(text))
    .map(({ path }) => dirname(path))
}

function dependenciesOf(text: string): object {
  const { dependencies = {} }: { dependencies?: object } = JSON.parse(text)
  return dependencies
}

/** Every setting of a service stands in its README; the settings are those of the generated page. */
export const settingsInReadmes: Rule = (files) => {
  const text = (path: string) => files.find((file) => file.path === path)?.text ?? ''
  const sections = text('docs/settings.md').split(/^## /m).slice(1)
  return sections.flatMap((section) => {
    const [name = ''] = section.split('\n', 1)
    const folder = name === 'standalone' || name === 'cluster' ? `deploy/${name}` : `services/${name}`
    const readme = text(`${folder}/README.md`)
    return [...section.matchAll(SETTING_ROW)]
      .filter(([, variable]) => !readme.includes(`\`${variable}\``))
      .map(([, variable]) => `${folder}/README.md ${variable}`)
  })
}

/** Relative links lead to files or folders of the repository, their anchors to headings. */
export const brokenLinks: Rule = (files) => {
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const folders = new Set(files.flatMap(({ path }) => parents(path)))
  return among(files, /[.]md$/).flatMap(({ path, text }) =>
    [...text.replace(FENCED, '').matchAll(LINK)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return []
      const [to = '', anchor] = link.split('#')
      const target = to === '' ? path : normalize(join(dirname(path), to)).replace(/\/$/, '')
      const found = texts.get(target)
      if (found === undefined) return folders.has(target) ? [] : [`${path} ${link}`]
      return anchor === undefined || anchors(found).includes(anchor) ? [] : [`${path} ${link}`]
    }),
  )
}

/** A message in docs/subjects.md without a meaning: its declaration has no comment. */
export const undocumentedMessages: Rule = (files) =>
  among(files, /^docs\/subjects[.]md$/).flatMap(({ text }) =>
    [...text.matchAll(/^\| (`slipway[.][^`]+`).*\|\s+\|$/gm)].map(
      ([, subject]) => `${subject} has no comment`,
    ),
  )

function parents(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...parents(folder)]
}

/** Headings as anchors, the way code hosts make them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}
