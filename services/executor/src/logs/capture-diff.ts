// What an upgrade changed in captured outputs: each file of a Post-Upgrade beside the file of the same name of the
// host's latest completed Pre-Upgrade, as a page that shows insertions and deletions.
import { type Change, diffLines } from 'diff'

export interface Compared {
  readonly name: string
  readonly text: string
  /** When it was captured. */
  readonly at: string
}

/** Beyond this a comparison says no more than "different". */
const LONGEST_DIFF_MS = 10_000

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => escapes[char] ?? char)

/** The page, or undefined if the texts are equal. Works in small pieces: configurations are long, and others wait. */
export async function diffPage(before: Compared, after: Compared): Promise<string | undefined> {
  if (before.text === after.text) return undefined
  const changes = (await diff(before.text, after.text)) ?? wholly(before.text, after.text)
  const insertions = changes.filter((change) => change.added).length
  const deletions = changes.filter((change) => change.removed).length
  if (insertions + deletions === 0) return undefined
  return [
    '<!DOCTYPE html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(after.name)}</title></head><body>`,
    `<p>File 1: ${escapeHtml(before.name)} (created on ${before.at})<br>`,
    `File 2: ${escapeHtml(after.name)} (created on ${after.at})</p>`,
    `<p>Insertions: ${insertions}&nbsp;&nbsp;Deletions: ${deletions}</p><hr>`,
    `<pre>${changes.map(markUp).join('')}</pre>`,
    '</body></html>',
    '',
  ].join('\n')
}

function diff(before: string, after: string): Promise<Change[] | undefined> {
  return new Promise((resolve) => {
    diffLines(before, after, { timeout: LONGEST_DIFF_MS, callback: resolve })
  })
}

function markUp({ added, removed, value }: Change): string {
  if (added) return `<ins style="background:#e6ffe6;">${escapeHtml(value)}</ins>`
  if (removed) return `<del style="background:#ffe6e6;">${escapeHtml(value)}</del>`
  return escapeHtml(value)
}

function wholly(before: string, after: string): Change[] {
  return [
    { added: false, removed: true, value: before, count: 1 },
    { added: true, removed: false, value: after, count: 1 },
  ]
}
