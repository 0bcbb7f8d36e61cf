/** Reads what stands behind `install add|activate|…`. */
import type { Token } from '../commands/token.ts'

/** Arguments of an install command. */
export interface InstallArguments {
  readonly source: string | undefined
  readonly names: readonly string[]
  /** `id <N>`: the packages of an earlier add. */
  readonly id: number | undefined
  readonly synchronous: boolean | undefined
  /** `prompt-level none` or `noprompt`. */
  readonly noPrompt: boolean
  readonly parallelReload: boolean
  readonly inactive: boolean
}

interface Keyword {
  readonly word: string
  /** Shortest abbreviation XR takes. */
  readonly least: number
  /** What the keyword sets; undefined when its value is wrong. */
  readonly set: (value: string) => Partial<InstallArguments> | undefined
  readonly takesValue?: boolean
}

const KEYWORDS: readonly Keyword[] = [
  { word: 'source', least: 2, takesValue: true, set: (source) => ({ source }) },
  {
    word: 'id',
    least: 2,
    takesValue: true,
    set: (id) => (/^\d+$/.test(id) ? { id: Number(id) } : undefined),
  },
  { word: 'asynchronous', least: 2, set: () => ({ synchronous: false }) },
  { word: 'synchronous', least: 2, set: () => ({ synchronous: true }) },
  { word: 'prompt-level', least: 3, takesValue: true, set: (level) => ({ noPrompt: level === 'none' }) },
  { word: 'noprompt', least: 4, set: () => ({ noPrompt: true }) },
  { word: 'parallel-reload', least: 8, set: () => ({ parallelReload: true }) },
  { word: 'inactive', least: 3, set: () => ({ inactive: true }) },
  { word: 'all', least: 3, set: () => ({}) },
  { word: 'pkg', least: 3, set: () => ({}) },
]

const NOTHING: InstallArguments = {
  source: undefined,
  names: [],
  id: undefined,
  synchronous: undefined,
  noPrompt: false,
  parallelReload: false,
  inactive: false,
}

function keywordOf(token: Token): Keyword | undefined {
  const text = token.text.toLowerCase()
  return KEYWORDS.find(({ word, least }) => text.length >= least && word.startsWith(text))
}

/** The arguments, or the token that cannot stand there (undefined: something is missing at the end). */
export function readInstallArguments(
  tokens: readonly Token[],
): { readonly args: InstallArguments } | { readonly wrong: Token | undefined } {
  let args = NOTHING
  const left = [...tokens]
  for (let token = left.shift(); token !== undefined; token = left.shift()) {
    const keyword = keywordOf(token)
    if (keyword === undefined) {
      args = { ...args, names: [...args.names, token.text] }
      continue
    }
    const value = keyword.takesValue === true ? left.shift() : token
    const change = value === undefined ? undefined : keyword.set(value.text)
    if (change === undefined) return { wrong: value }
    args = { ...args, ...change }
  }
  return { args }
}

/** `disk0:` or another device before a package name. */
const LOCATION = /^[a-z]+\d*:\/?/i

/** Package name without location and file suffix. */
export function bareName(name: string): string {
  return name.replace(LOCATION, '').replace(/(?:\.x86_64)?(?:\.rpm)?$/, '')
}

/** Names of `known` that a typed name means; `*` stands for any characters. */
export function expandName(name: string, known: readonly string[]): string[] {
  const bare = bareName(name)
  if (!bare.includes('*')) return known.filter((each) => each === bare)
  const parts = bare.split('*')
  return known.filter((each) => matchesParts(each, parts))
}

/** Glob match without a regular expression, so that no typed name can make it slow. */
function matchesParts(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > text.length - last.length) return false
    at = found + part.length
  }
  return true
}
