// What a run consists of: files, each in one or two shapes, in the order in which they are begun.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'tinyglobby'

const testFolders = ['packages/*/test', 'services/*/test', 'deploy/*/test', 'test']
/** Run once more in the cluster shape, every service its own process. */
const bothShapes = ['test/journeys', 'test/conformance', 'test/clients']
/** How a file says that it can work in a Slipway that others have used before it. */
const SHARES = /\bopenSlipway\(/

/**
 * Files that take long (a minute or half of one) are begun first, so that none of them is left alone at the end. In
 * the order of time; what is not named here takes seconds.
 */
const longest = [
  'test/cluster/outages.test.ts',
  'test/journeys/crash.test.ts',
  'test/chaos/chaos.test.ts',
  'test/cluster/stops.test.ts',
  'packages/database/test/embedded.test.ts',
  'services/scheduler/test/runs.test.ts',
  'test/journeys/readme.test.ts',
  'services/executor/test/resume.test.ts',
  'packages/database/test/migrations.test.ts',
  'services/auth/test/auth.test.ts',
  'services/executor/test/actions.test.ts',
  'packages/database/test/deliveries.test.ts',
]
/** It leaves thousands of rows behind. */
const lastOfThoseThatShare = 'test/conformance/contract.test.ts'

/**
 * @typedef {{file: string, shape: 'standalone' | 'cluster', shares: boolean}} Work
 * @param {{root: string, cluster: boolean}} options whether the cluster shape can run
 * @returns {Work[]} everything
 */
export function everything({ root, cluster }) {
  const all = findFiles(root, testFolders).map((file) => workOf(root, file, 'standalone'))
  const again = cluster ? findFiles(root, bothShapes).map((file) => workOf(root, file, 'cluster')) : []
  return [...again, ...all].sort((a, b) => rank(a) - rank(b))
}

/** @returns {Work} */
export function workOf(root, file, shape) {
  return { file, shape, shares: SHARES.test(readFileSync(join(root, file), 'utf8')) }
}

/** Those that share follow each other, so they begin at once; then the long ones, clusters first. */
function rank({ file, shape, shares }) {
  if (shares) return (shape === 'cluster' ? -4 : -2) + (file === lastOfThoseThatShare ? 1 : 0)
  const place = longest.indexOf(file)
  if (place < 0) return shape === 'cluster' ? 0 : longest.length
  return place
}

function findFiles(root, folders) {
  const patterns = folders.map((folder) => `${folder}/**/*.test.ts`)
  return globSync(patterns, { cwd: root, ignore: ['**/node_modules/**'] }).sort()
}
