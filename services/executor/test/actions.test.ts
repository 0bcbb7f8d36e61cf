import t from 'tap'
import { bench } from './harness.ts'

t.test('a classic router', async (t) => {
  const b = await bench(t)
  await b.start()
  const host = await b.lab.add('asr9k')
  const result = await b.run(host, 'inventory')
  console.error(result, JSON.stringify(b.discoveries).slice(0, 600))
  t.equal(result.outcome, 'completed')
  console.error(await b.run(host, 'Pre-Upgrade'))
  console.error(
    await b.run(host, 'Add', {
      softwarePackages: ['asr9k-mcast-px.pie-5.3.3', 'asr9k-px-5.3.3.CSCuy81837.pie'],
    }),
  )
  console.error(
    await b.run(host, 'Activate', {
      softwarePackages: ['asr9k-mcast-px.pie-5.3.3', 'asr9k-px-5.3.3.CSCuy81837.pie'],
    }),
  )
  console.error(await b.run(host, 'Post-Upgrade'))
  console.error(await b.run(host, 'Commit'))
  console.error(host.router.counts(), host.router.state())
})
