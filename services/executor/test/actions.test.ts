import t from 'tap'
import { bench } from './harness.ts'

for (const family of ['ncs5500', 'asr9k-x64'] as const) {
  t.test(`exr ${family}`, async (t) => {
    const b = await bench(t)
    await b.start()
    const host = await b.lab.add(family)
    console.error(await b.run(host, 'inventory'))
    console.error(JSON.stringify(b.discoveries).slice(0, 1600))
    console.error(await b.run(host, 'Pre-Upgrade'))
    const p =
      family === 'ncs5500'
        ? [
            'ncs5500-mini-x-6.2.2.iso',
            'ncs5500-k9sec-3.1.0.0-r622.x86_64.rpm',
            'ncs5500-mpls-2.1.0.0-r622.x86_64.rpm',
            'ncs5500-mpls-te-rsvp-2.2.0.0-r622.x86_64.rpm',
          ]
        : ['asr9k-mini-x64-6.2.3.iso', 'asr9k-k9sec-x64-3.2.0.0-r623.x86_64.rpm']
    console.error(await b.run(host, 'Add', { softwarePackages: p }))
    console.error(await b.run(host, 'Activate', { softwarePackages: p }))
    console.error(await b.run(host, 'Post-Upgrade'))
    console.error(await b.run(host, 'Commit'))
    console.error(host.router.counts(), host.router.state())
  })
}
