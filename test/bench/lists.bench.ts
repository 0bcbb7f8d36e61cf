// Reading through the API, as a ratio to a bare Fastify + pg handler that answers the same bytes: a page of 1,000 of
// 100,000 hosts, and the jobs of one host among a million. Aim: at least 0.6. Then what a password on every call costs.
import { assertSameAnswer, compareLoad } from './support/load.ts'
import { hostnameOf, seedHistory, seedHosts } from './support/seed.ts'
import { basic, openStage, withProbe } from './support/stage.ts'

const HOSTS = 100_000
const JOBS_OF_EACH = 10

const stage = await openStage(withProbe)
await seedHosts(stage, HOSTS)
await seedHistory(stage, HOSTS, JOBS_OF_EACH)
const { product, bare, slipway } = stage
const someHosts = Array.from({ length: 500 }, (_, index) => hostnameOf(1 + index * 199))

await compare('hosts, page 1', ['/api/v1/hosts?page=1'])
await compare('hosts, page 100', ['/api/v1/hosts?page=100'])
await compare(
  'jobs by hostname',
  someHosts.map((hostname) => `/api/v1/install?hostname=${hostname}`),
)
await compareCredentials()
await stage.close()

async function compare(what: string, paths: string[]): Promise<void> {
  for (const path of paths.slice(0, 3)) await assertSameAnswer([product, bare], path)
  stage.blocked()
  const [own = 0, peer = 0] = await compareLoad([product, bare], paths)
  const { ownMs, clockMs } = stage.blocked()
  const { residentMb } = await stage.metrics()
  const ratio = (own / peer).toFixed(2)
  console.log(
    `${what}: ${own.toFixed(0)} requests/s, bare handler ${peer.toFixed(0)}; ratio ${ratio} (aim ≥ 0.6); event loop blocked ${ownMs} ms at most (${clockMs} with waiting for a core), ${residentMb} MB RSS`,
  )
}

async function compareCredentials(): Promise<void> {
  const withPassword = { ...product, authorization: basic('root', slipway.password) }
  const paths = someHosts.map((hostname) => `/api/v1/hosts?hostname=${hostname}`)
  const [byToken = 0, byPassword = 0] = await compareLoad([product, withPassword], paths)
  console.log(
    `one host by name: ${byToken.toFixed(0)} requests/s with a token, ${byPassword.toFixed(0)} with user and password on every call`,
  )
}
