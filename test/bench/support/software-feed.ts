// A feed file as large as wanted, in the proportions of real ones: most fixes supersede a few older ones, many need
// another one, some chains are long, some prerequisites are superseded.

export interface FeedOptions {
  release: string
  entries: number
  /** Also part of every description, so that with another one every entry is another. */
  creationDate: string
  /** Of how many fixes a chain is, each of which supersedes all before it; default 10. */
  chain?: number
}

/** The XML of `asr9k_px` in this release. */
export function softwareFeed(options: FeedOptions): string {
  const { release, entries, creationDate } = options
  const rows = Array.from({ length: entries }, (_, index) => entryXml(index, options))
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed><platform>asr9k_px</platform><release>${release}</release><creationDate>${creationDate}</creationDate>
<smuSuffix>pie</smuSuffix>
${rows.join('\n')}
</feed>
`
}

/** The name of an entry. */
export const softwareName = (release: string, index: number) =>
  `asr9k-px-${release}.CSCva${String(index).padStart(5, '0')}`

function entryXml(
  index: number,
  { release, entries, creationDate, chain: length = 10 }: FeedOptions,
): string {
  const name = (of: number) => softwareName(release, of)
  // Every third needs one of another chain, wherever in it.
  const chain = index % length
  const supersedes = Array.from({ length: chain }, (_, back) => name(index - 1 - back))
  const supersededBy = Array.from({ length: length - 1 - chain }, (_, on) => index + 1 + on)
    .filter((each) => each < entries)
    .map(name)
  const needs = index % 3 === 0 ? [name((index * 7 + 13) % entries)] : []
  const day = String(1 + (index % 28)).padStart(2, '0')
  return `<smu id="AA${20_000 + index}" status="${index % 17 === 0 ? 'Obsoleted' : 'Posted'}"><name>${name(index)}</name>
<smuType>Optional</smuType><postedDate>${String(1 + (index % 12)).padStart(2, '0')}/${day}/2016 10:00:00 PDT</postedDate>
<ddts>CSCva${String(index).padStart(5, '0')}</ddts><description>What fix ${index} is about, told in a line of usual length (${creationDate})</description>
<impact>Needs Reboot</impact><supercedes>${supersedes.join(',')}</supercedes><supercededBy>${supersededBy.join(',')}</supercededBy>
<pre-requisites>${needs.join(',')}</pre-requisites><functionalAreas>BGP,ISIS</functionalAreas>
<packageBundles>asr9k-mini-px</packageBundles><packageNames>${name(index)}.pie</packageNames>
<compressedImageSize>${500_000 + index}</compressedImageSize><unCompressedImageSize>${900_000 + index}</unCompressedImageSize></smu>`
}
