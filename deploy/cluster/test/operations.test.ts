// docs/operations.md says what is true: permissions at NATS, settings, ports.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { busAccess } from '@slipway/contracts'
import { describeConfig, processSettings } from '@slipway/service-kit'
import t from 'tap'
import { serviceNames as services } from '../src/topology.ts'

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')
const page = read('docs/operations.md')
const list = (subjects: readonly string[]) => subjects.map((subject) => `\`${subject}\``).join(', ')

t.test('the page tells the permissions of each service at NATS', async (t) => {
  for (const service of services) {
    const { publish, subscribe } = busAccess(service)
    const row = new RegExp(`^\\| \`${service}\` +\\| (.*?) +\\| (.*?) +\\|$`, 'm').exec(page)
    t.same(row?.slice(1), [list(publish), list(subscribe)], service)
  }
})

t.test('the page tells every setting of a process', async (t) => {
  const settings = describeConfig(processSettings({ defaultPort: 1, hasDatabase: true }), {
    prefix: 'EXECUTOR',
  })
  for (const { variable } of settings) {
    const shown = variable.replace(/^EXECUTOR_(DATABASE_URL)$/, '<SERVICE>_$1')
    t.ok(page.includes(`\`${shown}\``), shown)
  }
})

t.test('the page tells the port of each service', async (t) => {
  for (const service of services.filter((name) => name !== 'gateway')) {
    const port = /defaultPort: (\d+)/.exec(read(`services/${service}/src/main.ts`))?.[1]
    t.match(page, `\`${service.toUpperCase()}_PORT\`, ${port}`)
  }
})
