// A small client of the public HTTP API, as a user's script would be: Basic authentication with a token.

/** A router or repository as the lab announces it, one JSON line each. */
export interface LabRouter {
  kind: 'router'
  name: string
  family: string
  protocol: 'telnet' | 'ssh'
  address: string
  port: number
  user: string
  password: string
}
export interface LabRepository {
  kind: 'repository'
  row: Record<string, unknown> & { hostname: string }
  packages: Record<string, string[]>
}

/** A row of GET /install, as far as the demo reads it. */
export interface Job {
  id: number
  install_action: string
  status: 'scheduled' | 'in-progress' | 'completed' | 'failed'
  status_message: string
  trace: string
}

export interface ApiClient {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  /** @returns false if it is refused (400): what is in use stays */
  delete(path: string): Promise<boolean>
  download(path: string): Promise<Buffer>
}

/** Logs in with user and password and speaks with the token from then on. */
export async function connectApi(url: string, username: string, password: string): Promise<ApiClient> {
  const login = await fetch(`${url}/api/v1/token`, { headers: basic(username, password) })
  if (!login.ok) throw new Error(`login as ${username} was refused (${login.status})`)
  const { token } = (await login.json()) as { token: string }
  const headers = { ...basic(token, 'unused'), 'content-type': 'application/json' }

  async function call(method: string, path: string, body?: unknown, expected = 200): Promise<Response> {
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${url}/api/v1${path}`, init)
    if (response.ok || response.status === expected) return response
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
  const answer = async <T>(response: Response) =>
    ((await response.json()) as { api_response: T }).api_response

  return {
    get: async <T>(path: string) => answer<T>(await call('GET', path)),
    post: async <T>(path: string, body: unknown) => answer<T>(await call('POST', path, body)),
    delete: async (path) => (await call('DELETE', path, undefined, 400)).ok,
    download: async (path) => Buffer.from(await (await call('GET', path)).arrayBuffer()),
  }
}

function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
