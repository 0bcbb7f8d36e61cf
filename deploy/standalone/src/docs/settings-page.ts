// docs/settings.md: every variable that some part of Slipway reads, from the schemas by which they are read.
import { GatewayProcessConfig, gatewayService } from '@slipway/gateway'
import { describeConfig, processSettings, type Setting } from '@slipway/service-kit'
import { standaloneSettings } from '../settings.ts'
import { domainServices } from '../standalone.ts'
import { code, page, prose, table } from './markdown.ts'

const about = `All settings come from the environment and are read once, at start; what is wrong is told all at once. An empty variable
counts as not set. A _duration_ is written \`500ms\`, \`30s\`, \`5m\`, \`2h\`, \`1d\`, or as plain milliseconds. A _secret_ is never
printed.`

const shared = `In the standalone shape (\`npm start\`) one process reads all of them, and makes \`SLIPWAY_MASTER_KEY\`,
\`SLIPWAY_LOG_DIR\` and \`CATALOG_FEED_DIR\` by itself where they are not set.`

const described: typeof domainServices = [gatewayService, ...domainServices]

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** The page. */
export function settingsPage(): string {
  const services = described.map(({ name, configSchema, databaseFolder }) => {
    const settings = describeConfig(configSchema, { prefix: name.toUpperCase() })
    const rows = databaseFolder === undefined ? settings : [...settings, databaseUrl(name)]
    return `## ${name}\n\n${settingsTable(rows)}`
  })
  const own = `## standalone\n\n${settingsTable(describeConfig(standaloneSettings))}`
  return page('Settings', [about, shared, own, ...services, processPage()])
}

const processAbout = `Read by each service that runs as its own process (cluster shape, \`npm run service -- <name>\`) beside its own
settings above; not by \`npm start\`. \`npm run service -- <name> --help\` lists all of one service. The gateway has no
database; its \`HOST\` is that of the API, its internal HTTP has \`GATEWAY_HOST\` and is there if \`GATEWAY_PORT\` is set.
\`npm run cluster\` sets these for all processes by itself ([operations.md](operations.md)).`

/** Variables of a service's process: the same for every service, but for the service's name in some. */
function processPage(): string {
  const settings = describeConfig(processSettings({ defaultPort: undefined, hasDatabase: true }), {
    prefix: 'SERVICE',
  })
  const shared = new Set(Object.keys(gatewayService.configSchema.properties))
  const gatewayOnly = describeConfig(GatewayProcessConfig, { prefix: 'GATEWAY' }).filter(
    ({ key }) => !shared.has(key),
  )
  const named = settings.map((setting) => ({
    ...setting,
    variable: setting.variable.replace(/^SERVICE_HOST$/, 'HOST').replace(/^SERVICE_/, '<SERVICE>_'),
  }))
  return `## cluster\n\n${processAbout}\n\n${settingsTable([...named, ...gatewayOnly])}`
}

/** Read by whoever runs the service, see databases.ts. */
const databaseUrl = (service: string): Setting => ({
  key: 'databaseUrl',
  variable: `${service.toUpperCase()}_DATABASE_URL`,
  type: 'string',
  required: false,
  description:
    'A PostgreSQL of your own, `postgresql://user:password@host/database`, instead of the embedded one.',
  secret: true,
})

function settingsTable(settings: readonly Setting[]): string {
  const rows = settings.map((setting) => [
    code(setting.variable),
    setting.type
      .split(' | ')
      .map((type) => (setting.type.includes(' | ') ? code(type) : type))
      .join(', '),
    setting.required ? 'required' : code(defaultText(setting)),
    setting.secret ? 'yes' : '',
    prose(setting.description),
  ])
  return table(['variable', 'type', 'default', 'secret', 'what'], rows)
}

/** Durations in their largest whole unit: 120000 is `2m`. */
function defaultText({ type, default: text = '' }: Setting): string {
  const ms = Number(text)
  if (type !== 'duration' || text === '') return text
  const unit = units.find(([, length]) => ms >= length && ms % length === 0)
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`
}
