// Debian's nginx as the peer that serves files: one process, sendfile, no access log. And a second one that proxies the
// first, as the gateway proxies the distribution service.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../harness/slipway.ts'

export interface Nginx {
  url: string
  pid: number
  stop(): Promise<void>
}

/** Serves the files below a folder. */
export function serveFiles(folder: string, root: string): Promise<Nginx> {
  return start(folder, `location /download/ { alias ${root}/; }`)
}

/** Passes everything on. @param buffering `proxy_buffering`; nginx's default is on */
export function proxyTo(folder: string, { url }: Nginx, buffering: 'on' | 'off'): Promise<Nginx> {
  const rules = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering ${buffering};`
  return start(
    folder,
    `location / { ${rules} proxy_pass http://files; }`,
    `upstream files { server ${new URL(url).host}; keepalive 64; }`,
  )
}

async function start(folder: string, location: string, more = ''): Promise<Nginx> {
  const port = await freePort()
  await mkdir(join(folder, 'temp'), { recursive: true })
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temp = kinds.map((kind) => `${kind}_temp_path ${folder}/temp;`)
  const config = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  ${temp.join('\n  ')}
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  ${more}
  server { listen 127.0.0.1:${port}; ${location} }
}`
  const path = join(folder, 'nginx.conf')
  await writeFile(path, config)
  const child = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await answers(url, () => child.exitCode === null)
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const ended = once(child, 'exit')
      if (child.exitCode === null && child.kill()) await ended
    },
  }
}

async function answers(url: string, runs: () => boolean): Promise<void> {
  while (runs()) {
    const answered = await fetch(url).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    )
    if (answered) return
    await pause(20)
  }
  throw new Error('nginx does not start')
}
