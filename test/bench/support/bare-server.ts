// The peer of the API benchmarks: what a handler costs that does nothing but check the token (same library, same
// algorithm), run plain set-based SQL through pg, and write the bytes that Slipway writes. No contracts, no bus, no
// rules, no secrets, no second service to tell. Prints its address and a token.
import { generateKeyPairSync } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import fastify from 'fastify'
import pg from 'pg'

const [inventoryUrl, schedulerUrl, catalogUrl] = process.argv.slice(2)
const inventory = new pg.Pool({ connectionString: inventoryUrl, max: 5 })
const scheduler = new pg.Pool({ connectionString: schedulerUrl, max: 5, options: '-c TimeZone=UTC' })
const catalog = new pg.Pool({ connectionString: catalogUrl, max: 5 })
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const app = fastify({ bodyLimit: 64 * 1024 * 1024 })
await app.register(fastifyJwt, {
  secret: {
    private: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    public: publicKey.export({ type: 'spki', format: 'pem' }),
  },
  sign: { algorithm: 'ES256', iss: 'bench', aud: 'bench', expiresIn: '1h', jti: 'bench' },
  verify: { algorithms: ['ES256'], requiredClaims: ['sub', 'iat', 'exp', 'jti', 'iss', 'aud'] },
})
app.addHook('onRequest', async (request) => {
  await request.jwtVerify()
})

const PAGE = 1_000

app.get<{ Querystring: { page: string } }>('/api/v1/hosts', async ({ query }) => {
  const page = Number(query.page)
  const [counted, listed] = await Promise.all([
    inventory.query<{ total: number }>('SELECT count(*)::int AS total FROM host WHERE NOT deleting'),
    inventory.query(
      `SELECT h.hostname, r.name AS region, h.roles, h.connection_type, h.addresses, h.ports, h.username,
              j.name AS jump_host, h.location, h.family, h.chassis, h.software_platform, h.software_version,
              h.os_type, h.created_by, h.created_at
         FROM (SELECT id FROM host WHERE NOT deleting ORDER BY hostname LIMIT $1 OFFSET $2) page
         JOIN host h ON h.id = page.id
         JOIN region r ON r.id = h.region_id
         LEFT JOIN jump_host j ON j.id = h.jump_host_id
        ORDER BY h.hostname`,
      [PAGE, (page - 1) * PAGE],
    ),
  ])
  const total_pages = Math.ceil((counted.rows[0]?.total ?? 0) / PAGE)
  return { api_response: { host_list: listed.rows.map(toHost) }, current_page: page, total_pages }
})

function toHost(row: Record<string, unknown> & { addresses: string[]; ports: number[]; created_at: Date }) {
  return {
    hostname: row['hostname'],
    region: row['region'],
    roles: row['roles'],
    connection_type: row['connection_type'],
    ts_or_ip: row.addresses.join(','),
    host_username: row['username'],
    port_number: row.ports.join(','),
    jump_host: row['jump_host'] ?? '',
    family: row['family'],
    hardware: row['chassis'],
    software_platform: row['software_platform'],
    software_version: row['software_version'],
    os_type: row['os_type'],
    username: row['username'],
    chassis: row['chassis'],
    location: row['location'],
    created_by: row['created_by'],
    created_time: row.created_at.toUTCString(),
  }
}

app.get<{ Querystring: { hostname: string } }>('/api/v1/install', async ({ query }) => {
  const { rows } = await scheduler.query(
    `SELECT * FROM job WHERE host_id = (SELECT host_id FROM host WHERE hostname = $1) AND kind = 'install' ORDER BY id`,
    [query.hostname],
  )
  return { api_response: { install_job_list: rows.map(toJob) } }
})

function toJob(row: Record<string, unknown>) {
  const list = (key: string) => row[key] as string[]
  const time = (key: string) => (row[key] as Date | null)?.toUTCString() ?? ''
  return {
    id: Number(row['id']),
    install_action: row['action'],
    dependency: row['depends_on'] === null ? '' : Number(row['depends_on']),
    server: row['server_repository'] ?? '',
    packages: list('software_packages').join(','),
    pending_downloads: '',
    scheduled_time: time('scheduled_time'),
    start_time: time('started_at'),
    status: row['status'],
    status_time: time('status_time'),
    trace: row['trace'],
    created_by: row['created_by'],
    hostname: row['hostname'],
    custom_command_profile: list('command_profiles').join(','),
    server_repository: row['server_repository'] ?? '',
    server_directory: row['server_directory'],
    software_packages: list('software_packages'),
    command_profile: list('command_profiles'),
    status_message: row['status_message'],
    warnings_or_errors: list('warnings').join('\n'),
    package_change_list: list('package_changes'),
  }
}

app.post<{ Body: { hostname: string }[] }>('/api/v1/hosts', async ({ body }) => {
  const { rows } = await inventory.query<{ hostname: string }>(
    `INSERT INTO bare_host (id, hostname, region_id, roles, connection_type, addresses, ports, username,
                            sealed_password, location, created_by)
     SELECT gen_random_uuid(), hostname, region.id, '', connection_type, ARRAY[ts_or_ip], ARRAY[port_number::int],
            username, password, '', 'bench'
       FROM json_to_recordset($1) AS row (hostname text, region text, connection_type text, ts_or_ip text,
                                          port_number text, username text, password text)
       JOIN region ON region.name = row.region
     RETURNING hostname`,
    [JSON.stringify(body)],
  )
  const host_list = rows.map(({ hostname }) => ({ status: 'SUCCESS', hostname }))
  return { api_response: { host_list } }
})

app.post<{ Body: object[] }>('/api/v1/install', async ({ body }) => {
  const { rows } = await scheduler.query<{ id: string; hostname: string; action: string }>(
    `INSERT INTO bare_job (kind, host_id, hostname, action, server_directory, software_packages, command_profiles,
                           scheduled_time, warnings, package_changes, created_by, created_at)
     SELECT 'install', host.host_id, host.hostname, install_action, '', '{}', '{}',
            to_timestamp(scheduled_time, 'MM-DD-YYYY HH12:MI AM'), '{}', '{}', 'bench', now()
       FROM json_to_recordset($1) AS row (hostname text, install_action text, scheduled_time text)
       JOIN host ON host.hostname = row.hostname
     RETURNING id, hostname, action`,
    [JSON.stringify(body)],
  )
  const install_job_list = rows.map(({ id, hostname, action }) => ({
    status: 'SUCCESS',
    id: Number(id),
    hostname,
    install_action: action,
  }))
  return { api_response: { install_job_list } }
})

/** The software of a release, read and written once, then kept; nobody asks whether it is still right. */
const software = new Map<string, Buffer>()

app.get<{ Querystring: { platform: string; release: string } }>(
  '/api/v1/cco/software',
  async ({ url, query }, reply) => {
    const body = software.get(url) ?? (await readSoftware(query.platform, query.release))
    software.set(url, body)
    return reply.type('application/json; charset=utf-8').send(body)
  },
)

async function readSoftware(platform: string, release: string): Promise<Buffer> {
  const { rows } = await catalog.query<{ content: Record<string, string & string[]> }>(
    `SELECT content FROM entry JOIN release ON release.id = release_id
      WHERE platform = $1 AND release = $2 AND kind IN ('smu', 'sp') ORDER BY kind DESC, name COLLATE "C"`,
    [platform, release],
  )
  const software_list = rows.map(({ content }) => ({
    id: content['id'],
    name: content['name'],
    status: content['status'],
    type: content['type'],
    posted_date: content['postedDate'],
    ddts: content['ddts'],
    description: content['description'],
    functional_areas: content['functionalAreas'],
    impact: content['impact'],
    package_bundles: content['packageBundles'],
    compressed_image_size: content['compressedImageSize'],
    uncompressed_image_size: content['uncompressedImageSize'],
    prerequisites: content['prerequisites']?.join(','),
    supersedes: content['supersedes']?.join(','),
    superseded_by: content['supersededBy']?.join(','),
    composite_DDTS: content['compositeDdts'],
  }))
  return Buffer.from(JSON.stringify({ api_response: { software_list } }))
}

app.get('/api/v1/cco/catalog', async (_request, reply) => {
  const body = software.get('catalog') ?? (await readPlatforms())
  software.set('catalog', body)
  return reply.type('application/json; charset=utf-8').send(body)
})

async function readPlatforms(): Promise<Buffer> {
  const { rows } = await catalog.query<{ platform: string; releases: string[] }>(
    'SELECT platform, array_agg(release ORDER BY release DESC) AS releases FROM release GROUP BY platform',
  )
  const platforms = Object.fromEntries(rows.map(({ platform, releases }) => [platform, releases]))
  return Buffer.from(JSON.stringify({ api_response: platforms }))
}

const address = await app.listen({ host: '127.0.0.1', port: 0 })
console.log(`${address} ${app.jwt.sign({ sub: 'bench', privilege: 'Admin', epoch: 1 })}`)
