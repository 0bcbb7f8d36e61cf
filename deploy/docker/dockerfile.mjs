// Reads a Dockerfile: instructions in order, continued lines joined, comments dropped.

/** @typedef {{ line: number, name: string, text: string }} Instruction */

/**
 * @param {string} content
 * @returns {Instruction[]}
 */
export function parseDockerfile(content) {
  const instructions = []
  let open
  for (const [index, raw] of content.split('\n').entries()) {
    const text = raw.trim()
    if (text === '' || text.startsWith('#')) continue
    const continues = text.endsWith('\\')
    const part = continues ? text.slice(0, -1).trim() : text
    if (open === undefined) {
      const [name = ''] = part.split(/\s/, 1)
      open = { line: index + 1, name: name.toUpperCase(), text: part.slice(name.length).trim() }
    } else open.text += ` ${part}`
    if (continues) continue
    instructions.push(open)
    open = undefined
  }
  return instructions
}

const ROOT_USERS = /^(root|0)(:|$)/
/** A name that promises a secret, in ARG or ENV: `ARG NPM_TOKEN`, `ENV DB_PASSWORD=…` */
const SECRET_NAME = /(^|\s)\w*(PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL|MASTER_KEY|API_KEY)\w*(=|\s|$)/i
/** `node:22.21.1-bookworm-slim` or `…@sha256:…`: an exact version */
const PINNED = /(:\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/
/** A path from the root in a RUN line; those of the machine itself are never needed. */
const ABSOLUTE_PATH = /(^|[\s"'=])\/[a-z]/

/**
 * What is wrong with a Dockerfile, one sentence each.
 * @param {string} content
 * @returns {string[]}
 */
export function lintDockerfile(content) {
  const instructions = parseDockerfile(content)
  const named = (name) => instructions.filter((instruction) => instruction.name === name)
  const at = ({ line }, words) => `line ${line}: ${words}`
  const args = new Map(named('ARG').map(({ text }) => text.split('=', 2)))
  const stages = named('FROM').map(({ text }) => / as (\S+)$/i.exec(text)?.[1])
  const last = instructions.slice(instructions.lastIndexOf(named('FROM').at(-1)))
  const inLast = (name) => last.filter((instruction) => instruction.name === name)
  const user = inLast('USER').at(-1)

  const problems = []
  for (const from of named('FROM')) {
    const image = from.text.split(/\s/)[0].replace(/\$\{(\w+)\}/g, (_, name) => args.get(name) ?? '')
    if (!stages.includes(image) && !PINNED.test(image)) {
      problems.push(at(from, `the image '${image}' is not pinned to an exact version`))
    }
  }
  for (const instruction of [...named('ARG'), ...named('ENV')]) {
    if (SECRET_NAME.test(instruction.text)) problems.push(at(instruction, 'a secret would stay in the image'))
  }
  for (const run of named('RUN')) {
    if (/\b(sudo|curl|wget)\b/.test(run.text)) problems.push(at(run, 'fetches or does what nobody can check'))
    if (/\bapt-get (upgrade|dist-upgrade)\b/.test(run.text))
      problems.push(at(run, 'upgrades without a version'))
    if (ABSOLUTE_PATH.test(run.text))
      problems.push(at(run, 'uses an absolute path; build-steps could not run it'))
  }
  for (const copy of named('COPY')) {
    const from = /--from=(\S+)/.exec(copy.text)?.[1]
    if (from !== undefined && !stages.includes(from)) problems.push(at(copy, `there is no stage '${from}'`))
  }
  for (const add of named('ADD')) problems.push(at(add, 'COPY says what it does, ADD does not'))
  if (!args.has('SERVICE')) problems.push('ARG SERVICE is missing')
  if (user === undefined || ROOT_USERS.test(user.text)) problems.push('the image runs as root')
  if (inLast('HEALTHCHECK').length === 0) problems.push('HEALTHCHECK is missing')
  const [command] = inLast('CMD')
  if (!command?.text.startsWith('['))
    problems.push('CMD must be a list: a shell would keep signals to itself')
  if (last.some(({ name }) => name === 'RUN'))
    problems.push('the last stage only copies: what runs there stays')
  return problems
}
