// docs/settings.md: every variable that some part of Slipway reads, from the schemas by which they are read.
import { gatewayService } from '@slipway/gateway'
import { describeConfig, type Setting } from '@slipway/service-kit'
import { standaloneSettings } from '../settings.ts'
import { domainServices } from '../standalone.ts'
import { code, page, prose, table } from './markdown.ts'

const about = `All settings come from the environment and are read once, at start; what is wrong is told all at once. An empty variable
counts as not set. A _duration_ is written \`500ms\`, \`30s\`, \`5m\`, \`2h\`, \`1d\`, or as plain milliseconds. A _secret_ is never
printed.`

const shared = `In the standalone shape (\`npm start\`) one process reads all of them, and makes \`SLIPWAY_MASTER_KEY\` and
\`SLIPWAY_LOG_DIR\` by itself where they are not set.`

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
  return page('Settings', [about, shared, own, ...services])
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
