// How much of a feed is believed. Real files stay far below: the largest have some thousand entries and a few megabytes.

export const feedLimits = {
  /** Bytes of catalog.dat, and lines in it. */
  listBytes: 1024 * 1024,
  listLines: 10_000,
  /** Bytes of one XML file. */
  fileBytes: 64 * 1024 * 1024,
  /** Elements within elements, attributes of one element, characters of one attribute. */
  depth: 32,
  attributes: 32,
  attributeLength: 1_000,
  /** Characters of one text. */
  textLength: 200_000,
  /** Entries of one file. */
  entries: 50_000,
} as const
