/**
 * The demo software of each family: what a router of the lab runs at first, and what the lab's repository
 * offers: an optional package that needs no reload, a fix that does, and a complete upgrade to another release.
 * File and internal names follow the naming rules of the real distributions.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Family, PackageFacts } from './package-facts.ts'
import { encodePackage, encodeTar } from './package-file.ts'

const MB = 1024 * 1024
const FILLER_BYTES = 64 * 1024
const IMAGE_FILLER_BYTES = 512 * 1024

/** First release of a simulated router, and the one the demo repository upgrades to. */
export const DEMO_RELEASES: Readonly<Record<Family, { readonly first: string; readonly next: string }>> = {
  asr9k: { first: '5.3.3', next: '6.1.4' },
  ncs5500: { first: '6.0.1', next: '6.2.2' },
  'asr9k-x64': { first: '6.1.3', next: '6.2.3' },
}

function pxImage(release: string): PackageFacts {
  return {
    name: `asr9k-mini-px-${release}`,
    file: `asr9k-mini-px.pie-${release}`,
    platform: 'asr9k',
    release,
    kind: 'image',
    component: 'mini',
    needsReload: true,
    requires: [],
    installedBytes: 1200 * MB,
  }
}

function pxOption(component: string, release: string): PackageFacts {
  return {
    name: `asr9k-${component}-px-${release}`,
    file: `asr9k-${component}-px.pie-${release}`,
    platform: 'asr9k',
    release,
    kind: 'option',
    component,
    needsReload: false,
    requires: [`asr9k-mini-px-${release}`],
    installedBytes: 90 * MB,
  }
}

function pxSmu(bug: string, release: string, needsReload: boolean): PackageFacts {
  return {
    name: `asr9k-px-${release}.${bug}-1.0.0`,
    file: `asr9k-px-${release}.${bug}.pie`,
    platform: 'asr9k',
    release,
    kind: 'smu',
    component: bug,
    needsReload,
    requires: [`asr9k-mini-px-${release}`],
    installedBytes: 20 * MB,
  }
}

/** `6.0.1` → `r601`, as rpm versions write releases. */
function tag(release: string): string {
  return `r${release.replaceAll('.', '')}`
}

function iso(platform: 'ncs5500' | 'asr9k-x64', release: string): PackageFacts {
  const stem = platform === 'ncs5500' ? 'ncs5500-mini-x' : 'asr9k-mini-x64'
  const prefix = platform === 'ncs5500' ? 'ncs5500' : 'asr9k'
  return {
    name: `${stem}-${release}`,
    file: `${stem}-${release}.iso`,
    platform,
    release,
    kind: 'image',
    component: 'xr',
    needsReload: true,
    requires: [],
    installedBytes: 1400 * MB,
    activeName: `${prefix}-xr-${release}`,
    sysadminName: `${prefix}-sysadmin-${release}`,
  }
}

function rpmOf(
  platform: Family,
  component: string,
  version: string,
  release: string,
  bug?: string,
): PackageFacts {
  const prefix = platform === 'ncs5500' ? 'ncs5500' : 'asr9k'
  const name = `${prefix}-${component}-${version}-${tag(release)}${bug === undefined ? '' : `.${bug}`}`
  return {
    name,
    file: `${name}.x86_64.rpm`,
    platform,
    release,
    kind: bug === undefined ? 'option' : 'smu',
    component: bug ?? component,
    needsReload: bug !== undefined,
    requires: [`${prefix}-xr-${release}`],
    installedBytes: 40 * MB,
  }
}

/** What a new router of a family has active and committed. */
export function initialPackages(family: Family): PackageFacts[] {
  const { first } = DEMO_RELEASES[family]
  if (family === 'asr9k') {
    return [pxImage(first), ...['k9sec', 'mgbl', 'mpls'].map((name) => pxOption(name, first))]
  }
  if (family === 'ncs5500') {
    return [
      iso(family, first),
      rpmOf(family, 'k9sec', '2.0.0.0', first),
      rpmOf(family, 'mpls', '2.0.0.0', first),
      rpmOf(family, 'mpls-te-rsvp', '2.0.0.0', first),
    ]
  }
  return [iso(family, first), rpmOf(family, 'k9sec-x64', '3.1.0.0', first)]
}

/** What the demo repository offers a family: option, fixes, then the complete upgrade. */
export function demoPackages(family: Family): PackageFacts[] {
  const { first, next } = DEMO_RELEASES[family]
  if (family === 'asr9k') {
    const options = ['k9sec', 'mcast', 'mgbl', 'mpls'].map((name) => pxOption(name, next))
    return [pxOption('mcast', first), pxSmu('CSCuy81837', first, true), pxImage(next), ...options]
  }
  if (family === 'ncs5500') {
    return [
      rpmOf(family, 'mgbl', '3.0.0.0', first),
      rpmOf(family, 'os-support', '2.0.0.1', first, 'CSCuz13026'),
      iso(family, next),
      rpmOf(family, 'k9sec', '3.1.0.0', next),
      rpmOf(family, 'mgbl', '3.0.0.0', next),
      rpmOf(family, 'mpls', '2.1.0.0', next),
      rpmOf(family, 'mpls-te-rsvp', '2.2.0.0', next),
    ]
  }
  return [
    rpmOf(family, 'mcast-x64', '2.0.0.0', first),
    rpmOf(family, 'os-supp-64', '3.1.0.1', first, 'CSCxr90021'),
    iso(family, next),
    rpmOf(family, 'k9sec-x64', '3.2.0.0', next),
    rpmOf(family, 'mcast-x64', '2.1.0.0', next),
  ]
}

/** Files that make up the complete upgrade to the next release: added and activated together, the image first. */
export function upgradeFiles(family: Family): string[] {
  const { next } = DEMO_RELEASES[family]
  return demoPackages(family)
    .filter((facts) => facts.release === next)
    .map((facts) => facts.file)
}

/** Name of the classic tar that holds the complete upgrade; added whole and activated by operation id. */
export const DEMO_TAR = `ASR9K-iosxr-px-k9-${DEMO_RELEASES.asr9k.next}.tar`

/**
 * Writes the demo packages of some families into a directory (created if absent).
 * @returns the package file names per family; the classic tar lies beside them and is not listed
 */
export async function writeDemoPackages(
  directory: string,
  families: readonly Family[],
): Promise<Partial<Record<Family, string[]>>> {
  await mkdir(directory, { recursive: true })
  const written: Partial<Record<Family, string[]>> = {}
  for (const family of families) {
    const packages = demoPackages(family)
    for (const facts of packages) await writeFile(join(directory, facts.file), bytesOf(facts))
    written[family] = packages.map((facts) => facts.file)
  }
  if (families.includes('asr9k')) await writeFile(join(directory, DEMO_TAR), demoTar())
  return written
}

function bytesOf(facts: PackageFacts): Buffer {
  return encodePackage(facts, facts.kind === 'image' ? IMAGE_FILLER_BYTES : FILLER_BYTES)
}

function demoTar(): Buffer {
  const upgrade = demoPackages('asr9k').filter((facts) => facts.release === DEMO_RELEASES.asr9k.next)
  return encodeTar(upgrade.map((facts) => ({ name: facts.file, bytes: bytesOf(facts) })))
}
