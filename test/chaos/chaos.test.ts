// The short form of the chaos suite: what `npm run chaos -- --short` does, as a test of every change.
import { haveNatsServer } from '@slipway/test-kit'
import t from 'tap'
import { runChaos } from './chaos.ts'
import { checks } from './checks.ts'
import { logChecks } from './log-checks.ts'
import { parseOptions } from './options.ts'
import { sessionChecks } from './session-checks.ts'
import { stopCheck } from './stop-check.ts'
import { type Story, tell, timeOf } from './story.ts'

t.test(
  'options: numbers in range, the short form, help; anything else is refused with its name',
  async (t) => {
    t.same(parseOptions(['--seed', '7']), { seed: 7, routers: 24, waves: 3, faults: 30 })
    t.same(parseOptions(['--short', '--seed', '7', '--waves', '2']), {
      seed: 7,
      routers: 8,
      waves: 2,
      faults: 8,
    })
    t.equal(parseOptions(['--help']), undefined)
    t.throws(() => parseOptions(['--waves', '4']), /--waves must be a whole number from 1 to 3/)
    t.throws(() => parseOptions(['--speed', '4']), /--speed/)
  },
)

const add = 'install add source sftp://lab:secret@127.0.0.1/ x.pie'
const activate = 'install activate x'
const addedAlone: Story['steps'] = [
  [1, 'opens'],
  [1, add],
  [1, 'show install log'],
  [1, 'closes'],
]
const activated: Story['steps'] = [
  [2, 'opens'],
  [2, activate],
  [2, 'answers'],
  [2, 'closes'],
]
const owners: Story['owners'] = { 1: [1, 1], 2: [2, 1] }
/** Session 3 goes on with what session 1 began. */
const takenOver: Story['owners'] = { ...owners, 3: [1, 2] }

const told = {
  counted: 'the checker saw every changing command that the routers counted',
  once: 'every job sent its changing command once, once more for each that its router dropped, and no other',
  known: 'nobody changed a router without a log that tells of it',
  fenced: 'no run changed a router any more once a later one had a session on it',
  apart: 'sessions of runs that change a router overlap only after a lost lease',
  chain: 'a chain kept its order on the router: no session before the last word of the job before',
  logs: 'session logs are complete: all that a router received and said stands in a log of its job',
} as const

/** What a checker must say of a story: the promises that are broken in it. */
const stories: Readonly<Record<string, [Story, (keyof typeof told)[]]>> = {
  'all is well': [{ steps: [...addedAlone, ...activated], owners }, []],
  'a command is sent twice': [
    { steps: [...addedAlone, [2, 'opens'], [2, activate], [2, activate], [2, 'closes']], owners },
    ['once'],
  ],
  'a router drops an operation that it had asked about, and the job is resubmitted': [
    {
      steps: [
        ...addedAlone,
        [2, 'opens'],
        [2, `${activate}?`],
        [2, 'closes'],
        [4, 'opens'],
        [4, activate],
        [4, 'closes'],
      ],
      owners: { ...owners, 4: [2, 2] },
    },
    [],
  ],
  'a dropped operation is not sent again': [
    { steps: [...addedAlone, [2, 'opens'], [2, `${activate}?`], [2, 'closes']], owners },
    ['once'],
  ],
  'an operation that was answered is sent again': [
    {
      steps: [
        ...addedAlone,
        [2, 'opens'],
        [2, `${activate}?`],
        [2, 'answers'],
        [2, 'closes'],
        [4, 'opens'],
        [4, activate],
        [4, 'closes'],
      ],
      owners: { ...owners, 4: [2, 2] },
    },
    ['once'],
  ],
  'a command is not sent': [{ steps: [...addedAlone, [2, 'opens'], [2, 'closes']], owners }, ['once']],
  'the wrong command is sent': [
    { steps: [...addedAlone, [2, 'opens'], [2, 'install commit'], [2, 'closes']], owners },
    ['once'],
  ],
  'a session without a log changes something': [
    { steps: [...addedAlone, ...activated, [4, 'opens'], [4, 'install remove y'], [4, 'closes']], owners },
    ['known'],
  ],
  'a discovery has no log': [
    { steps: [[4, 'opens'], [4, 'show inventory'], [4, 'closes'], ...addedAlone, ...activated], owners },
    [],
  ],
  'two were there and have no log': [
    {
      steps: [
        [4, 'opens'],
        [4, 'show inventory'],
        [4, 'closes'],
        ...addedAlone,
        [5, 'opens'],
        [5, 'show inventory'],
        [5, 'closes'],
        ...activated,
      ],
      owners,
    },
    ['logs'],
  ],
  'a frozen one keeps its session open and reads on': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [3, 'opens'],
        [1, 'show install log'],
        [3, 'show install log'],
        [1, 'closes'],
        [3, 'closes'],
        ...activated,
      ],
      owners: takenOver,
      leaseLostAt: 1,
    },
    [],
  ],
  'a frozen one sends its command after it was taken over': [
    {
      steps: [[1, 'opens'], [3, 'opens'], [1, add], [1, 'closes'], [3, 'closes'], ...activated],
      owners: takenOver,
      leaseLostAt: 1,
    },
    ['fenced'],
  ],
  'a frozen one answers a question after it was taken over': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [3, 'opens'],
        [1, 'answers'],
        [1, 'closes'],
        [3, 'closes'],
        ...activated,
      ],
      owners: takenOver,
      leaseLostAt: 1,
    },
    ['fenced'],
  ],
  'two sessions side by side, and no lease was lost': [
    {
      steps: [[1, 'opens'], [1, add], [3, 'opens'], [3, 'closes'], [1, 'closes'], ...activated],
      owners: takenOver,
    },
    ['apart'],
  ],
  'the next job begins before the last word of the one before': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [2, 'opens'],
        [1, 'show clock'],
        [1, 'closes'],
        [2, activate],
        [2, 'closes'],
      ],
      owners,
    },
    ['apart', 'chain'],
  ],
  'nobody was there for a job': [{ steps: addedAlone, owners }, ['once', 'chain']],
  'a log ends early': [
    {
      steps: [...addedAlone, ...activated],
      owners,
      log: (text) => text.replace(/show install log[\s\S]*$/, ''),
    },
    ['logs'],
  ],
  'a log lacks a line in its middle': [
    { steps: [...addedAlone, ...activated], owners, log: (text) => text.replace('done\r\n', '') },
    ['logs'],
  ],
  'a run was handed over in the middle of an answer': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [1, 'show clock'],
        [1, 'closes'],
        [3, 'opens'],
        [3, 'closes'],
        ...activated,
      ],
      owners: takenOver,
      log: (text) => text.replace(/show clock[\s\S]*$/, ''),
    },
    [],
  ],
  'a kill took the end of a log along': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [1, 'show clock'],
        [1, 'closes'],
        [3, 'opens'],
        [3, 'closes'],
        ...activated,
      ],
      owners: takenOver,
      leaseLostAt: 4,
      killedAt: 3,
      log: (text) => text.replace(/show clock[\s\S]*$/, ''),
    },
    [],
  ],
  'a frozen one loses its run, and what it had not read by then': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        [1, 'show clock'],
        [3, 'opens'],
        [3, 'show install log'],
        [3, 'show install log'],
        [1, 'closes'],
        [3, 'closes'],
        ...activated,
      ],
      owners: takenOver,
      leaseLostAt: 2,
      suspendedAt: 2,
      log: (text) => text.replace(/show clock[\s\S]*$/, ''),
    },
    [],
  ],
  'one that was frozen for a moment has read all': [
    {
      steps: [[1, 'opens'], [1, add], [1, 'show clock'], [1, 'show clock'], [1, 'closes'], ...activated],
      owners,
      suspendedAt: 2,
      log: (text) => text.replace(/show clock[\s\S]*$/, ''),
    },
    ['logs'],
  ],
  'a kill explains nothing that was said long before': [
    {
      steps: [
        [1, 'opens'],
        [1, add],
        ...Array.from({ length: 4 }, (): Story['steps'][number] => [1, 'show clock']),
        [1, 'closes'],
        ...activated,
      ],
      owners,
      killedAt: 6,
      log: (text) => text.replace(/show clock[\s\S]*$/, ''),
    },
    ['logs'],
  ],
}

const held = { ...sessionChecks, ...logChecks }

for (const [story, [given, broken]] of Object.entries(stories)) {
  t.test(`checker: ${story}`, async (t) => {
    const evidence = tell(given)
    const found = Object.entries(held).flatMap(([promise, check]) =>
      check(evidence).length === 0 ? [] : [promise],
    )
    t.same(
      found,
      broken.map((name) => told[name]),
    )
  })
}

t.test('checker: a stopped executor that takes a run', async (t) => {
  const evidence = tell({ steps: [...addedAlone, ...activated], owners, leaseLostAt: 5 })
  const stopped = (step: number) => ({
    ...evidence,
    disturbances: [{ at: timeOf(step), target: 'executor-1', method: 'SIGTERM' } as const],
  })
  t.equal(stopCheck(stopped(1)).length, 1)
  t.same(stopCheck(stopped(5)), [], 'it had it already')
  const unbegun = evidence.events.filter(({ kind }) => kind !== 'status')
  t.same(stopCheck({ ...stopped(1), events: unbegun }), [], 'it hands it over as it is')
})

t.test('checker: a job that failed without its router having dropped anything', async (t) => {
  const job = { kind: 'install', hostname: 'r1', status: 'completed', depends_on: null }
  const times = { started_at: null, finished_at: null }
  const promise = 'a job failed only where its router dropped what it had asked about'
  const ofStory = (steps: Story['steps']) => ({
    ...tell({ steps: [...addedAlone, ...steps], owners }),
    scheduler: [
      { ...job, ...times, id: 1, submission: 1 },
      { ...job, ...times, id: 2, submission: 2 },
    ],
  })
  const dropped: Story['steps'] = [
    [2, 'opens'],
    [2, `${activate}?`],
    [2, 'closes'],
  ]
  t.same(checks[promise]?.(ofStory(dropped)), [])
  t.equal(checks[promise]?.(ofStory(activated)).length, 1)
})

t.test('checker: a command that only the counters of the router know of', async (t) => {
  const evidence = tell({ steps: [...addedAlone, ...activated], owners })
  const deaf = { ...evidence, sessions: evidence.sessions.map((session) => ({ ...session, words: [] })) }
  t.equal(sessionChecks[told.counted]?.(deaf).length, 1)
})

if (haveNatsServer(t)) {
  t.test('schedulers, executors and gateways are killed, suspended and stopped under work', async (t) => {
    const options = parseOptions(['--short', '--seed', '20261122'])
    if (options === undefined) throw new Error('no options')
    const { broken } = await runChaos(options, (line) => t.comment(line))
    for (const promise of Object.keys(checks)) t.same(broken.get(promise) ?? [], [], promise)
  })
}
