import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import {
  chassisPart,
  checkConfigFilesystem,
  checkCoreErrors,
  checkFailedStartup,
  checkRedundancy,
  compareIsis,
  factsOf,
  familyOf,
  installErrors,
  installOutcome,
  iosxr,
  iosxr64,
  isListNotReady,
  judgeNodes,
  lastOperationId,
  mergeInventories,
  nodesToReload,
  parseConsole,
  parseExrPackages,
  parseInstallList,
  parseInstallLog,
  parseInstallRequest,
  parseInstallStart,
  parseInventory,
  parseIsisSummary,
  parsePlatform,
  parseShowVersion,
  parseXrPackages,
  platformOf,
} from '../src/index.ts'

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8')

t.test('facts', async (t) => {
  t.test('of a classic router', async (t) => {
    const facts = factsOf({
      platform: iosxr,
      prompt: 'RP/0/RSP0/CPU0:lab-edge-1#',
      versionText: fixture('classic/show-version-brief'),
      inventoryText: fixture('classic/show-inventory'),
      usersText:
        '   con0/RSP0/CPU0  root  hardware  0  00:00:00\n*  vty0  ops  telnet  0  00:00:01  192.0.2.1\n',
    })
    t.match(facts, {
      hostname: 'lab-edge-1',
      family: 'ASR9K',
      chassis: 'ASR-9006',
      osType: 'XR',
      version: '6.1.4',
      softwarePlatform: 'ASR9K',
      console: false,
      uptimeSeconds: 365 * 86400 + 17 * 86400 + 4 * 3600 + 5 * 60,
      udi: { name: 'chassis ASR-9006-AC-V2', pid: 'ASR-9006-AC-V2', vid: 'V02', sn: 'FOX1540H5ZQ' },
    })
  })

  t.test('of a 64-bit router', async (t) => {
    const facts = factsOf({
      platform: iosxr64,
      prompt: 'RP/0/RP0:ios#',
      versionText: fixture('exr/show-version'),
      inventoryText: fixture('exr/admin-show-inventory'),
      usersText: '*  con0/RP0/CPU0  ops  hardware  0  00:00:00\n',
    })
    t.match(facts, {
      hostname: 'ios',
      family: 'NCS5500',
      chassis: 'NCS-5508',
      osType: 'eXR',
      version: '6.3.2',
      softwarePlatform: 'NCS5500',
      console: true,
      udi: { name: 'Rack 0', description: 'NCS5500 8 Slot Single Chassis', sn: 'FGE194714QX' },
    })
  })

  t.test('take the family from the chassis when the processor line is missing', async (t) => {
    const facts = factsOf({
      platform: iosxr64,
      prompt: 'RP/0/RSP0/CPU0:x#',
      versionText: 'Cisco IOS XR Software, Version 6.2.1.11I\nBuild Information:\n',
      inventoryText:
        ' Name: Rack 0   Descr: ASR-9904 AC Chassis\n PID: ASR-9904-AC   VID: V01   SN: FOX1739G95R\n',
      usersText: '',
    })
    t.match(facts, {
      family: 'ASR9K',
      softwarePlatform: 'ASR9K-X64',
      chassis: 'ASR-9904',
      version: '6.2.1.11I',
    })
    t.equal(facts.console, undefined)
  })

  t.test('name families by the longest known beginning', async (t) => {
    const rows: [string, string][] = [
      ['NCS-6000', 'NCS6K'],
      ['NCS-4000', 'NCS4K'],
      ['NCS-5500', 'NCS5500'],
      ['NCS-5002', 'NCS5K'],
      ['NCS-540', 'NCS540'],
      ['NCS-560', 'NCS560'],
      ['NCS1002', 'NCS1K'],
      ['NCS-1001', 'NCS1001'],
      ['NCS-1002', 'NCS1K'],
      ['IOS-XRv 9000', 'IOSXRv-9K'],
      ['IOS XRv x64', 'IOSXRv-X64'],
      ['ASR9K', 'ASR9K'],
      ['ASR-9912', 'ASR9K'],
    ]
    for (const [name, family] of rows) t.equal(familyOf(name, iosxr64), family, name)
    const classic: [string, string][] = [
      ['ASR9K Series', 'ASR9K'],
      ['CRS-16/S-B', 'CRS'],
      ['12416/PRP', 'XR12K'],
      ['IOS XRv Series', 'IOSXRv'],
    ]
    for (const [name, family] of classic) t.equal(familyOf(name, iosxr), family, name)
    t.equal(familyOf('C7600', iosxr), undefined)
  })

  t.test('tell platforms apart by their version text', async (t) => {
    t.equal(platformOf(fixture('classic/show-version-brief')), iosxr)
    t.equal(platformOf(fixture('exr/show-version')), iosxr64)
    t.equal(platformOf('Cisco IOS XE Software, Version 16.03.05'), undefined)
    t.equal(platformOf('Cisco Nexus Operating System (NX-OS) Software'), undefined)
    t.equal(platformOf('Cisco IOS XR Admin Software, Version 6.0.1'), undefined)
    t.equal(platformOf(''), undefined)
  })

  t.test('read the console from the starred line only', async (t) => {
    t.equal(parseConsole('*  pts/0  x'), false)
    t.equal(parseConsole('*  aux0  x'), true)
    t.equal(parseConsole('   con0  x'), undefined)
    t.equal(parseShowVersion('nothing here').version, undefined)
  })
})

t.test('inventory', async (t) => {
  const parts = parseInventory(fixture('classic/show-inventory'))
  t.same(
    parts.map(({ location, modelName, serialNumber, hardwareRevision }) => [
      location,
      modelName,
      hardwareRevision,
      serialNumber,
    ]),
    [
      ['', 'ASR-9006-AC-V2', 'V02', 'FOX1540H5ZQ'],
      ['0/RSP0/CPU0', 'A9K-RSP880-LT-SE', 'V03', 'FOC1912NBKJ'],
      ['0/FT0/SP', 'ASR-9006-FAN-V2', 'V01', ''],
      ['0/PM0/0/SP', 'PWR-3KW-AC-V2', 'V01', 'DTM152200XY'],
    ],
    'every part but the generic fans',
  )
  const admin = parseInventory(fixture('exr/admin-show-inventory'))
  t.same(
    admin.map(({ location, name }) => [location, name]),
    [
      ['0', 'Rack 0'],
      ['0/RP0', '0/RP0'],
    ],
  )
  t.equal(chassisPart(admin)?.modelName, 'NCS-5508')
  t.equal(
    mergeInventories(admin, admin, parts).length,
    admin.length + parts.length,
    'planes are merged without doubles',
  )
})

t.test('install lists', async (t) => {
  const classic = (active: string) =>
    parseXrPackages({
      active,
      inactive: fixture('classic/install-inactive-summary'),
      committed: fixture('classic/install-committed-summary'),
    })

  t.test('of classic XR give the same rows in the long and the summary form', async (t) => {
    const rows = classic(fixture('classic/install-active-summary'))
    t.same(
      rows.map(({ name, state, location }) => [name, state, location]),
      [
        ['asr9k-mini-px-6.1.4', 'active-committed', 'disk0'],
        ['asr9k-mpls-px-6.1.4', 'active-committed', 'disk0'],
        ['asr9k-mgbl-px-6.1.4', 'active-committed', 'disk0'],
        ['asr9k-px-6.1.4.CSCve11111-1.0.0', 'active', 'disk0'],
        ['asr9k-k9sec-px-6.1.4', 'inactive-committed', 'disk0'],
        ['asr9k-mcast-px-6.1.4', 'inactive', 'disk0'],
      ],
    )
    t.same(classic(fixture('classic/install-active-long')), rows)
  })

  t.test('of 64-bit XR merge both planes and keep the state of each node', async (t) => {
    const rows = parseExrPackages(
      {
        active: fixture('exr/install-active'),
        inactive: fixture('exr/install-inactive'),
        committed: fixture('exr/install-committed'),
      },
      {
        active: fixture('exr/admin-install-active'),
        inactive: fixture('exr/admin-install-inactive'),
        committed: fixture('exr/admin-install-committed'),
      },
    )
    t.same(
      rows.map(({ name, state }) => [name, state]),
      [
        ['ncs5500-xr-6.3.2', 'active-committed'],
        ['ncs5500-mpls-2.1.0.0-r632', 'active'],
        ['ncs5500-k9sec-2.2.0.0-r632', 'active'],
        ['ncs5500-mgbl-3.0.0.0-r632', 'inactive-committed'],
        ['ncs5500-isis-1.0.0.0-r632', 'inactive'],
        ['ncs5500-sysadmin-6.3.2', 'active-committed'],
      ],
    )
    t.same(rows[0]?.modules, [
      { name: '0/RP0/CPU0', state: 'active-committed' },
      { name: '0/0/CPU0', state: 'active-committed' },
    ])
    t.same(
      rows[5]?.modules.map(({ name }) => name),
      ['0/RP0/CPU0', '0/FC0/CPU0'],
      'the admin plane leaves the CPU out',
    )
  })

  t.test('understand how routers say none, and not now', async (t) => {
    t.same(
      parseInstallList('Secure Domain Router: Owner\n\nThere are no inactive packages on the SDR.\n'),
      [],
    )
    t.same(parseInstallList('No inactive package(s) in software repository'), [])
    t.same(parseInstallList(''), [])
    t.ok(isListNotReady('Node unresponsive (possible ongoing install operation).\nPlease try command later.'))
    t.notOk(isListNotReady(fixture('exr/install-active')))
  })

  t.test('survive more than one colon in a line', async (t) => {
    t.same(parseInstallList('  Active Packages:\n    disk0:asr9k-mini-px-6.1.4:x\n'), [
      { location: 'disk0', name: 'asr9k-mini-px-6.1.4:x', node: '' },
    ])
  })
})

t.test('platform tables', async (t) => {
  t.test('of the ASR 9000 are read by column', async (t) => {
    const nodes = parsePlatform(fixture('classic/show-platform'))
    t.same(nodes[1], {
      node: '0/RSP1/CPU0',
      type: 'A9K-RSP880-LT-SE(Standby)',
      state: 'IOS XR RUN',
      configState: 'PWR,NSHUT,MON',
    })
    t.same(nodes[5]?.state, 'NOT ALLOW ONLIN')
    const verdict = judgeNodes(nodes, 'XR')
    t.same([verdict.ok, verdict.judged, verdict.bad.map(({ node }) => node)], [false, 5, ['0/1/CPU0']])
  })

  t.test('of the 12000 and CRS leave the PLIM column out', async (t) => {
    const nodes = parsePlatform(fixture('classic/show-platform-12000'))
    t.same(
      nodes.map(({ node, state }) => [node, state]),
      [
        ['0/0/CPU0', 'IOS XR RUN'],
        ['0/7/CPU0', 'IOS XR PREP'],
      ],
    )
    t.same(judgeNodes(nodes, 'XR').bad.length, 1)
    const crs = parsePlatform(fixture('classic/show-platform-crs'))
    t.same(
      crs.map(({ type, state }) => [type, state]),
      [
        ['MSC-B', 'IOS XR RUN'],
        ['MSC-B(SPA)', 'OK'],
        ['RP(Active)', 'IOS XR RUN'],
      ],
    )
    t.ok(judgeNodes(crs, 'XR').ok)
  })

  t.test('of 64-bit XR know its states', async (t) => {
    const nodes = parsePlatform(fixture('exr/show-platform'))
    t.ok(judgeNodes(nodes, 'eXR').ok)
    t.notOk(judgeNodes(nodes, 'XR').ok, 'which classic XR does not have')
    t.equal(nodes[1]?.configState, '')
  })

  t.test('without running nodes are not ok', async (t) => {
    t.same(judgeNodes(parsePlatform(''), 'XR'), { ok: false, judged: 0, running: false, bad: [] })
  })
})

t.test('install operations', async (t) => {
  t.test('of classic XR: start, refusal, progress, log', async (t) => {
    const start = parseInstallStart(
      "Install operation 36 '(admin) install remove inactive' started by user 'root' via CLI at 01:14:44 PST Wed Feb 25 1987.\n/ 1% complete: The operation can no longer be aborted (ctrl-c for options)\nInfo:     something\nThe install operation will continue asynchronously.\n",
    )
    t.match(start, { operationId: 36, continues: true, busy: false, errors: [] })
    const busy = parseInstallStart(fixture('classic/install-start-busy'))
    t.match(busy, { operationId: 37, continues: false, busy: true })
    t.equal(busy.errors.length, 4)
    t.equal(installOutcome(fixture('classic/install-start-busy'), 37), 'failed')

    t.match(parseInstallRequest('There are no install requests in operation.'), {
      idle: true,
      percent: undefined,
    })
    t.match(
      parseInstallRequest(
        "Install operation 36 '(admin) install add …' started by user\nThe operation is 45% complete\n12345KB downloaded: Download in progress\n",
      ),
      {
        idle: false,
        operationId: 36,
        percent: 45,
        downloaded: '12345KB',
        progress: 'The operation is 45% complete',
      },
    )

    const log = parseInstallLog(fixture('classic/install-log-activate'), 41)
    t.match(log, {
      outcome: 'succeeded',
      methods: ['Parallel Reload', 'Parallel Process Restart'],
      errors: [],
    })
    t.same(log.nodesToReload, ['0/RSP0/CPU0', '0/1/CPU0'])
    t.equal(
      parseInstallLog(fixture('classic/install-log-activate'), 4).outcome,
      'unknown',
      'another operation',
    )
  })

  t.test('of 64-bit XR: start, questions, progress, log', async (t) => {
    const start = parseInstallStart(
      'May 24 18:54:12 Install operation 12 started by root:\n  install add source …\nMay 24 18:54:12 Install operation will continue in the background\n',
    )
    t.match(start, { operationId: 12, continues: true })
    const busy = parseInstallStart(
      'Could not start this install operation. Install operation 18 is still in progress',
    )
    t.match(busy, { operationId: undefined, busy: true })
    for (const question of ['reboot the sdr', 'reload the sdr', 'reload the system'])
      t.ok(
        parseInstallStart(`This install operation will ${question}, continue?\n [yes/no]:[yes]`).asksToReload,
        question,
      )
    t.ok(parseInstallStart('This was a NO IMPACT OPERATION. Packages are already active on device.').noImpact)
    t.ok(
      parseInstallStart(
        'ERROR! there was an SU/ISSU done. please perform install commit before proceeding with any other prepare/activate/deactivate operation',
      ).commitFirst,
    )
    t.match(parseInstallRequest('The install add operation 12 is 30% complete'), {
      operationId: 12,
      percent: 30,
    })
    t.ok(parseInstallRequest('No install operation in progress').idle)
    t.ok(parseInstallRequest('completed, pending reload').pendingReload)
    const log = parseInstallLog(fixture('exr/install-log'), 12)
    t.equal(log.outcome, 'succeeded')
    t.same(log.packages, ['ncs5500-mgbl-3.0.0.0-r632', 'ncs5500-isis-1.0.0.0-r632'])
    t.equal(installOutcome('May 24 18:54:30 Install operation 12 aborted', 12), 'aborted')
    t.equal(
      installOutcome('RP/0/RP0/CPU0:Deploy#May 24 18:54:30 Install operation 12 finished successfully', 12),
      'succeeded',
    )
    t.equal(
      installOutcome("Install operation 7 '(admin) install commit' completed with failure at", 7),
      'completed-with-failure',
    )
    t.same(
      installErrors(
        'May 24 18:54:12 ERROR!! failed while handling validate reply\nError!  Not enough free disk space for installation.',
      ),
      ['failed while handling validate reply', 'Not enough free disk space for installation.'],
    )
  })

  t.test('that are over can be found by the highest id', async (t) => {
    t.equal(
      lastOperationId("Install operation 9 '(admin)…' started by\nInstall operation 41 '…' started by\n"),
      41,
    )
    t.equal(lastOperationId('No log information'), 0)
    t.ok(
      parseInstallStart(
        'Error:    Cannot proceed with the remove operation because there are no packages that can be removed.',
      ).nothingToRemove,
    )
    t.ok(
      parseInstallLog('Error: an incremental change is not possible, use parallel reload', 1)
        .wantsParallelReload,
    )
    t.same(nodesToReload('nothing'), [])
  })
})

t.test('checks', async (t) => {
  t.test('redundancy', async (t) => {
    const text = fixture('classic/show-redundancy')
    t.equal(checkRedundancy(text).level, 'info')
    t.match(checkRedundancy(text.replace('is ready', 'is not ready')), {
      level: 'error',
      message: /Standby is not ready/,
    })
    t.match(checkRedundancy('% Invalid input'), { level: 'error', message: /insufficient/ })
    t.equal(
      checkRedundancy('Node 0/RP0/CPU0 is in ACTIVE role\nNode 0/RP0/CPU0 has no valid partner\n').level,
      'info',
    )
  })

  t.test('configuration filesystem', async (t) => {
    const good =
      'Creating any missing directories in Configuration File system...OK\nInitializing Configuration Version Manager...OK\nSyncing commit database with running configuration...OK\n'
    t.equal(checkConfigFilesystem(good).level, 'info')
    t.match(checkConfigFilesystem(good.replace('OK', 'FAILED')), { level: 'error', details: { length: 3 } })
  })

  t.test('failed startup configuration', async (t) => {
    t.equal(checkFailedStartup('\n%  No such configuration item(s)\n\n').level, 'info')
    const bad = '!! SYNTAX ERRORS\n!!\nrouter isis 1\n net x\n!!% not possible\nend\n'
    t.match(checkFailedStartup(bad), { level: 'warning', details: { length: 6 } })
  })

  t.test('core errors, each once', async (t) => {
    const text = [
      'RP/0/RSP0/CPU0:May 31 20:15:10.123 : a[101]: %OS-3-X : Error in a',
      'RP/0/RSP0/CPU0:May 31 20:16:10.123 : a[102]: %OS-3-X : Error in a',
      'RP/0/RSP0/CPU0:May 31 20:17:10.123 : dumper: Core for pid = 1234',
      'RP/0/RSP0/CPU0:May 31 20:18:10.123 : fine',
      ' Traceback of something',
    ].join('\n')
    t.match(checkCoreErrors(text), { level: 'warning', details: { length: 3 } })
    t.equal(checkCoreErrors('all is well').level, 'info')
  })

  t.test('IS-IS neighbours before and after', async (t) => {
    const text =
      'IS-IS core neighbor summary:\n State          L1         L2       L1L2\n Up              0          4          1\n Init            0          0          0\n Failed          0          0          0\n'
    const summary = parseIsisSummary(text)
    t.same(summary, { core: { Up: [0, 4, 1], Init: [0, 0, 0], Failed: [0, 0, 0] } })
    t.match(compareIsis(undefined, summary), [{ level: 'warning', message: /No data stored/ }])
    t.match(compareIsis({ summary, ageMs: 1 }, summary), [{ level: 'info' }])
    t.match(compareIsis({ summary, ageMs: 3 * 3600_000 }, {}), [
      { message: /older than 2 hours/ },
      { message: "No ISIS instance 'core' detected after upgrade" },
    ])
    const fewer = parseIsisSummary(text.replace('4', '3'))
    t.match(compareIsis({ summary, ageMs: 1 }, fewer), [
      { level: 'warning', message: /Up L2 .*Pre-Install=4 Post-Install=3/ },
    ])
    t.match(compareIsis({ summary: {}, ageMs: 1 }, {}), [{ level: 'info', message: /No ISIS protocol/ }])
  })
})

t.test('no parser ever throws, whatever a device says', async (t) => {
  const words = fc.constantFrom(
    '\n',
    '\r\n',
    ' ',
    '\t',
    'Node ',
    '0/RSP0/CPU0',
    'Active Packages:',
    'disk0:',
    'NAME: "',
    'PID: ',
    'SN:',
    'Install operation ',
    '41',
    ' started by',
    '% complete',
    'IS-IS ',
    ' neighbor summary:',
    'Up 1 2 3',
    'Package list:',
    'is in STANDBY role',
    'Error: ',
    'State',
    'Type',
    'Config State',
    ':',
    '-',
    '[',
    '(',
    '\\',
  )
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.array(fc.oneof(words, fc.string({ maxLength: 12 })), { maxLength: 60 }).map((parts) => parts.join('')),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyText, anyText, fc.nat(50), (text, other, id) => {
        const lists = { active: text, inactive: other, committed: text }
        parseXrPackages(lists)
        parseExrPackages(lists, { active: other, inactive: text, committed: other })
        for (const platform of [iosxr, iosxr64])
          factsOf({ platform, prompt: text, versionText: text, inventoryText: other, usersText: text })
        judgeNodes(parsePlatform(text), 'XR')
        parseInstallStart(text)
        parseInstallRequest(text)
        parseInstallLog(text, id)
        lastOperationId(text)
        compareIsis({ summary: parseIsisSummary(text), ageMs: id }, parseIsisSummary(other))
        for (const check of [checkRedundancy, checkConfigFilesystem, checkCoreErrors, checkFailedStartup])
          check(text)
        mergeInventories(parseInventory(text), parseInventory(other))
      }),
      { numRuns: 150 },
    ),
  )
})
