// The files of the repository as the rules see them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A text file, its path from the root of the repository with `/`. */
export interface TreeFile {
  readonly path: string
  readonly text: string
}

/** What a rule found, as `path:line what`; empty if all is well. */
export type Rule = (files: readonly TreeFile[]) => string[]

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Made by tools, or by Slipway when it runs. */
const notOurs = new Set(['node_modules', 'dist', 'generated', 'data', '.git', '.tap', '.turbo', '.nats'])
const isText = /[.](ts|mjs|cjs|js|json|ya?ml|md|prisma|sql|toml|txt|sh)$|^[^.]+$|^[.][a-z]+$/
const written = new Set(['pnpm-lock.yaml'])

/** All text files that people write, below the root or another folder. */
export function readTree(folder = root, below = ''): TreeFile[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : readTree(folder, path)
    if (!entry.isFile() || !isText.test(entry.name) || written.has(entry.name)) return []
    return [{ path, text: readFileSync(join(folder, path), 'utf8') }]
  })
}

/** Where a pattern stands in files. @param pattern with the flag g */
export function places(files: readonly TreeFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(
      (match) => `${path}:${text.slice(0, match.index).split('\n').length} ${match[0]}`,
    ),
  )
}

/** The files whose path matches. */
export const among = (files: readonly TreeFile[], path: RegExp): TreeFile[] =>
  files.filter((file) => path.test(file.path))
