// The public HTTP API, as a client written from the guide uses it. Every answer is held against the API's own
// description.
import { until } from '@slipway/test-kit'
import { describedAt, heldFetchAt } from './described.ts'

export interface ApiAnswer<T> {
  status: number
  headers: Headers
  body: T
}

/** A row of GET /install. */
export interface JobRow {
  id: number
  hostname: string
  install_action: string
  status: string
  status_message: string
  trace: string
  dependency: number | ''
  software_packages: string[]
  package_change_list: string[]
}

export interface Api {
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>>
  /** A call that must succeed with 200; answers what stands under api_response. */
  ok<T>(method: string, path: string, body?: unknown): Promise<T>
  jobs(hostname: string): Promise<JobRow[]>
  /** Polls the job until the predicate holds. */
  jobWhen(id: number, predicate: (job: JobRow) => boolean, timeoutMs?: number): Promise<JobRow>
  zip(id: number): Promise<Buffer>
}

/** @param username with the password, or a token with 'unused' */
export function createApi(url: string, username: string, password: string): Api {
  const credentials = Buffer.from(`${username}:${password}`).toString('base64')
  const headers = { authorization: `Basic ${credentials}`, 'content-type': 'application/json' }
  const description = describedAt(url)
  const held = heldFetchAt(url)
  const call = async <T>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>> => {
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${url}/api/v1${path}`, init)
    const answer = (await response.json()) as T
    const { status, headers: answered } = response
    const { hold } = await description()
    hold(method, `/api/v1${path}`, { status, contentType: answered.get('content-type'), body: answer })
    return { status, headers: answered, body: answer }
  }
  const ok = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await call<{ api_response: T }>(method, path, body)
    if (answer.status !== 200) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    }
    return answer.body.api_response
  }
  const list = async (query: string) =>
    (await ok<{ install_job_list: JobRow[] }>('GET', `/install?${query}`)).install_job_list
  return {
    call,
    ok,
    jobs: (hostname) => list(`hostname=${encodeURIComponent(hostname)}`),
    async jobWhen(id, predicate, timeoutMs = 60_000) {
      let job: JobRow | undefined
      const look = async () => {
        ;[job] = await list(`id=${id}`)
        return job !== undefined && predicate(job) ? job : undefined
      }
      return until(look, { message: `job ${id} is as wanted`, timeoutMs }).catch((cause: unknown) => {
        throw new Error(`not within ${timeoutMs} ms; the job is ${JSON.stringify(job)}`, { cause })
      })
    },
    zip: async (id) => {
      const response = await held(`/api/v1/install/logs/${id}`, { headers })
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      return Buffer.from(await response.arrayBuffer())
    },
  }
}
