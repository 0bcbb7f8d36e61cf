// One entry of a feed: texts of its children become an entry, or the reason why they do not.
import type { Entry, EntryKind } from '../software/entry.ts'

/** An entry as the parser met it: attributes and the first text of each child element. */
export interface RawEntry {
  readonly kind: EntryKind
  /** Line on which it begins, from 1. */
  readonly line: number
  readonly attributes: ReadonlyMap<string, string>
  readonly texts: ReadonlyMap<string, string>
}

/** Elements that are entries. Source: REST contract, section 6, "Feed". */
export const entryElements: ReadonlyMap<string, EntryKind> = new Map([
  ['smu', 'smu'],
  ['smuIntransit', 'in-transit'],
  ['sp', 'sp'],
  ['tar', 'tar'],
] as const)

/** Children of entries that are read; `supercedes` and `pre-requisites` are spelled as the feed spells them. */
export const entryChildren: ReadonlySet<string> = new Set([
  'name',
  'smuType',
  'smuCategory',
  'postedDate',
  'customerETA',
  'ddts',
  'description',
  'impact',
  'supercedes',
  'supercededBy',
  'pre-requisites',
  'ccoFileName',
  'functionalAreas',
  'packageBundles',
  'packageNames',
  'packageMD5',
  'compressedImageSize',
  'unCompressedImageSize',
  'compositeDDTS',
])

/** What a name, an id and a status may hold: printable, without the commas that delimit lists. */
const WORD = /^[^\u0000-\u001f\u007f-\u009f,]{1,300}$/
/** `04/27/2016 21:39:38 PDT`; the time is not looked at. */
const POSTED_DATE = /^(\d{2})\/(\d{2})\/(\d{4})(?:$|\s)/
const DIGITS = /^\d{1,20}$/
/** NUL cannot be stored in a text. */
const NUL = '\u0000'

/** Reads an entry. @returns the reason why it is skipped, as a sentence without its subject, if it is */
export function readEntry({ kind, attributes, texts }: RawEntry): Entry | string {
  const text = (child: string) => (texts.get(child) ?? '').trim()
  const names = (child: string) => splitList(text(child))
  const id = (attributes.get('id') ?? '').trim()
  const status = (attributes.get('status') ?? '').trim()
  const name = text('name')
  if (id === '') return 'has no id'
  if (status === '') return 'has no status'
  if (name === '') return 'has no name'
  if (![id, status, name].every((word) => WORD.test(word))) return 'has an invalid id, status or name'
  if (text('postedDate') !== '' && !isPostedDate(text('postedDate'))) return 'has an invalid postedDate'
  const sizes = [text('compressedImageSize'), text('unCompressedImageSize')]
  if (!sizes.every((size) => size === '' || DIGITS.test(size))) return 'has an invalid image size'
  if ([...texts.values()].some((value) => value.includes(NUL))) return 'holds a character that is not text'
  return {
    kind,
    id,
    name,
    status,
    type: text('smuType'),
    category: text('smuCategory'),
    postedDate: text('postedDate'),
    eta: text('customerETA'),
    ddts: names('ddts').join(','),
    description: text('description'),
    impact: text('impact'),
    functionalAreas: names('functionalAreas').join(','),
    packageBundles: names('packageBundles').join(','),
    compositeDdts: names('compositeDDTS').join(','),
    ccoFileName: text('ccoFileName'),
    compressedImageSize: text('compressedImageSize'),
    uncompressedImageSize: text('unCompressedImageSize'),
    supersedes: names('supercedes'),
    supersededBy: names('supercededBy'),
    prerequisites: names('pre-requisites'),
    packageNames: names('packageNames'),
    packageDigests: names('packageMD5'),
  }
}

/** Items between commas, blanks and line ends around them dropped, empty items too. */
function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function isPostedDate(text: string): boolean {
  const [, month, day, year] = (POSTED_DATE.exec(text) ?? []).map(Number)
  if (month === undefined || day === undefined || year === undefined) return false
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}
