// Rules of the source that the linter and the cruiser cannot say. Patterns are put together, so that this file is
// not among its own findings.
import { among, places, type Rule } from './tree.ts'

const SOURCE = /^(packages|services|deploy)\/[^/]+\/src\/.*[.]ts$/
const CODE = /[.](ts|mjs|cjs)$/
const TEST = /(^|\/)test\/.*[.]ts$/
const LONGEST_FILE = 400

/** `'slipway.rpc.…'` */
const SUBJECT = new RegExp(['slipway', '(rpc|evt)', ''].join('[.]'), 'g')
/** `process.env`, `process['env']`, `{ env } = process` */
const ENVIRONMENT = /process(?:\.|\[')env\b|\benv\b[^=\n]*\} = process\b/g
const OPEN = /['"]@slipway\/secrets\/open['"]/g
const POSTPONED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`, 'g')
const SILENCED = new RegExp(['@ts-' + '(ignore|expect-error|nocheck)', 'biome-' + 'ignore'].join('|'), 'g')
/** Focused and unfinished tests. A test may be left out for a reason given in words: `t.skip('no /proc')`. */
const FOCUSED = /[.]only\(|[.]skip\((?!['"`])|[.]todo\(|\b(?:only|todo): true/g
const OUTSIDE = new RegExp(['[.][.]', 'shared\\b'].join('/'), 'g')

/** Subjects are built by the functions of contracts and written out nowhere else. */
export const subjectLiterals: Rule = (files) =>
  places(
    among(files, SOURCE).filter(({ path }) => !path.startsWith('packages/contracts/')),
    SUBJECT,
  )

/** The environment is read by whoever starts a process, and handed on as settings. */
export const environmentReads: Rule = (files) =>
  places(
    among(files, /[.]ts$/).filter(
      ({ path }) => !/^(packages\/(service|test)-kit|deploy|test)\/|\/test\//.test(path),
    ),
    ENVIRONMENT,
  )

/** Only executors open credentials; auth opens its own signing key. */
export const secretsOpened: Rule = (files) =>
  places(
    among(files, SOURCE).filter(({ path }) => !/^services\/(executor|auth)\//.test(path)),
    OPEN,
  )

export const longFiles: Rule = (files) =>
  among(files, SOURCE).flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1
    return lines > LONGEST_FILE ? [`${path}:${lines} lines`] : []
  })

/** Nothing is put off and no check is silenced. */
export const postponed: Rule = (files) => {
  const code = among(files, CODE)
  return [...places(code, POSTPONED), ...places(code, SILENCED)]
}

/** No test is left out and none keeps the others from running. */
export const focusedTests: Rule = (files) => places(among(files, TEST), FOCUSED)

/** The repository stands alone: nothing refers to a folder beside it. */
export const outsideReferences: Rule = (files) => places(files, OUTSIDE)
