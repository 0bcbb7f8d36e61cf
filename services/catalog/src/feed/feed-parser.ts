// Reads one XML file of a feed as it comes, piece by piece. Element names matter, at any depth; what is not known is
// passed over. A document type is refused, so no entity but the five of XML itself can be declared or expanded.
// Source: REST contract, section 6, "Feed".
import { SaxesParser, type SaxesTagPlain } from 'saxes'
import type { Entry } from '../software/entry.ts'
import { entryChildren, entryElements, type RawEntry, readEntry } from './feed-entry.ts'
import { feedFailure } from './feed-failure.ts'
import { feedLimits } from './feed-limits.ts'
import type { ListedRelease } from './release-list.ts'

/** What a file says about itself; '' where it says nothing. */
export interface FeedHeader {
  platform: string
  release: string
  creationDate: string
  smuSuffix: string
  pid: string
  mdfId: string
}

export interface FeedFile {
  readonly header: Readonly<FeedHeader>
  readonly entries: readonly Entry[]
  readonly skipped: readonly { line: number; reason: string }[]
}

export interface FeedParser {
  /** @returns false once the file says that nothing changed: it need not be read further. @throws FeedFailure */
  write(text: string): boolean
  /** @throws FeedFailure if the file is not whole, is another release's, or is no feed */
  end(): FeedFile
}

const headerElements: ReadonlyMap<string, keyof FeedHeader> = new Map([
  ['platform', 'platform'],
  ['release', 'release'],
  ['creationDate', 'creationDate'],
  ['smuSuffix', 'smuSuffix'],
  ['pid', 'pid'],
  ['mdfID', 'mdfId'],
] as const)

/** Thrown to leave the XML parser in the middle of a text. */
const UNCHANGED = Symbol('unchanged')

/** Starts reading the file of a release. @param known the creation date of which nothing needs to be read */
export function createFeedParser(expected: ListedRelease, known?: string): FeedParser {
  const xml = new SaxesParser<{ xmlns: false; position: true }>({ xmlns: false, position: true })
  const content = createContent()
  const fail = (reason: string): never => {
    throw feedFailure(reason, xml.line)
  }
  let attributes = 0
  let depth = 0
  xml.on('error', () => fail('is not well-formed XML'))
  xml.on('doctype', () => fail('declares a document type, which is refused'))
  xml.on('opentagstart', () => {
    attributes = 0
    depth += 1
    if (depth > feedLimits.depth) fail('is nested too deeply')
  })
  xml.on('attribute', ({ value }) => {
    attributes += 1
    if (attributes > feedLimits.attributes) fail('holds an element with too many attributes')
    if (value.length > feedLimits.attributeLength) fail('holds an attribute that is too long')
  })
  xml.on('opentag', (tag) => content.open(tag, xml.line, fail))
  xml.on('text', (text) => content.text(text, fail))
  xml.on('cdata', (text) => content.text(text, fail))
  xml.on('closetag', () => {
    depth -= 1
    content.close()
    const { creationDate } = content.header
    if (creationDate !== '' && creationDate === known) throw UNCHANGED
  })
  return {
    write(text) {
      try {
        xml.write(text)
        return true
      } catch (error) {
        if (error === UNCHANGED) return false
        throw error
      }
    },
    end() {
      xml.close()
      assertFeed(content.header, content.met, expected)
      const { header, entries, skipped, met } = content
      if (met > 0 && entries.size === 0) throw feedFailure('holds no entry that can be used')
      return { header, entries: [...entries.values()], skipped }
    },
  }
}

type Fail = (reason: string) => never

/** What the elements come to. */
function createContent() {
  const header: FeedHeader = {
    platform: '',
    release: '',
    creationDate: '',
    smuSuffix: '',
    pid: '',
    mdfId: '',
  }
  const entries = new Map<string, Entry>()
  const skipped: { line: number; reason: string }[] = []
  /** Open elements; `text` is collected where it may matter. */
  const open: { name: string; text: string | undefined }[] = []
  let current: { raw: RawEntry; texts: Map<string, string>; depth: number } | undefined
  const content = { header, entries, skipped, met: 0 }

  function finishEntry({ raw }: { raw: RawEntry }): void {
    const entry = readEntry(raw)
    if (typeof entry === 'string') return void skipped.push({ line: raw.line, reason: entry })
    const key = `${entry.kind} ${entry.name}`
    if (entries.has(key)) skipped.push({ line: raw.line, reason: 'has the name of an earlier entry' })
    else entries.set(key, entry)
  }
  return Object.assign(content, {
    open(tag: SaxesTagPlain, line: number, fail: Fail) {
      const kind = entryElements.get(tag.name)
      const begins = kind !== undefined && current === undefined
      if (begins) {
        content.met += 1
        if (content.met > feedLimits.entries) fail('holds too many entries')
        const texts = new Map<string, string>()
        const raw = { kind, line, attributes: new Map(Object.entries(tag.attributes)), texts }
        current = { raw, texts, depth: open.length }
      }
      const matters =
        !begins && (current === undefined ? headerElements.has(tag.name) : entryChildren.has(tag.name))
      open.push({ name: tag.name, text: matters ? '' : undefined })
    },
    text(text: string, fail: Fail) {
      const element = open.at(-1)
      if (element?.text === undefined) return
      element.text += text
      if (element.text.length > feedLimits.textLength) fail('holds a text that is too long')
    },
    close() {
      const { name = '', text } = open.pop() ?? {}
      if (current !== undefined && current.depth === open.length) {
        finishEntry(current)
        current = undefined
      } else if (text !== undefined && current !== undefined) {
        // Of several children of one name the first counts.
        if (!current.texts.has(name)) current.texts.set(name, text)
      } else if (text !== undefined) {
        const key = headerElements.get(name)
        if (key !== undefined && header[key] === '') header[key] = text.trim()
      }
    },
  })
}

/** A file that says nothing a feed says is something else; one that names another release was mixed up. */
function assertFeed(header: FeedHeader, entries: number, expected: ListedRelease): void {
  const { platform, release, creationDate } = header
  if (entries === 0 && creationDate === '' && (platform === '' || release === '')) {
    throw feedFailure('is not a software feed')
  }
  const differs = (said: string, meant: string) => said !== '' && normalized(said) !== normalized(meant)
  if (differs(platform, expected.platform) || differs(release, expected.release)) {
    throw feedFailure('says it belongs to another platform or release')
  }
}

/** Feeds write `asr9k-px` as well as `asr9k_px`. */
function normalized(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}
