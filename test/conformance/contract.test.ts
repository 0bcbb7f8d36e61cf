// The REST contract, sections 1 to 6 and 8, rule by rule, over HTTP, in the shape that is chosen. One start for all.
import t, { type Test } from 'tap'
import { startLab } from '../harness/lab.ts'
import { openSlipway } from '../harness/shared.ts'
import { catalog } from './catalog.ts'
import { bodies, envelopes, keys, names, parameters, paths } from './conventions.ts'
import { dependencies } from './dependencies.ts'
import { discovery, hostChecks, hostLists, hostSamples, hostUpserts, manyHosts } from './hosts.ts'
import { installOnce, installSamples } from './install.ts'
import { installChecks } from './install-checks.ts'
import { installTimes } from './install-times.ts'
import { jobs, manyJobs } from './jobs.ts'
import { lengths } from './lengths.ts'
import { namedThings, references, repositories } from './references.ts'
import { tokens } from './tokens.ts'
import { createWorld, type World } from './world.ts'

const [lab, slipway] = await Promise.all([startLab(), openSlipway()])
t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})
const world = await createWorld(slipway, lab)

const areas: Record<string, (t: Test, world: World) => Promise<void>> = {
  // First, while executors have nothing else to do.
  'hosts: discovery': discovery,
  'install: lists, logs, deletion': jobs,
  'conventions: envelopes': envelopes,
  'conventions: bodies': bodies,
  'conventions: paths': paths,
  'conventions: query parameters': parameters,
  'conventions: keys of rows': keys,
  'conventions: names': names,
  'conventions: lengths': lengths,
  tokens,
  catalog,
  'hosts: samples': hostSamples,
  'hosts: creating and changing': hostUpserts,
  'hosts: checks': hostChecks,
  'hosts: lists': hostLists,
  'what hosts and jobs refer to': namedThings,
  'server repositories': repositories,
  'references and their use': references,
  'install: samples': installSamples,
  'install: validation': installChecks,
  'install: the same request again': installOnce,
  'install: times': installTimes,
  'install: dependencies': dependencies,
  // Last, as others count rows and pages.
  'many hosts': manyHosts,
  'many jobs': manyJobs,
}
for (const [area, rules] of Object.entries(areas)) t.test(area, (t) => rules(t, world))
