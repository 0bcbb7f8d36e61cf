// The peer of the benchmark of event streams: a Fastify handler that writes the same events to the same number of
// watchers from memory. No record, no resuming, no bus, no other service. Prints its address.
import type { ServerResponse } from 'node:http'
import fastify from 'fastify'

const everyMs = Number(process.argv[2] ?? 500)
const watchers = new Map<string, Set<ServerResponse>>()
const app = fastify()

app.get<{ Params: { id: string } }>('/api/v1/install/:id/events', (request, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  })
  reply.raw.write('retry: 2000\n\n')
  const { id } = request.params
  const own = watchers.get(id) ?? new Set()
  watchers.set(id, own.add(reply.raw))
  reply.raw.on('close', () => own.delete(reply.raw))
})
app.get('/cpu', async () => {
  const { user, system } = process.cpuUsage()
  return {
    cpuSeconds: (user + system) / 1_000_000,
    residentMb: Math.round(process.memoryUsage.rss() / 1_048_576),
  }
})

let offset = 0
setInterval(() => {
  offset += 40
  for (const own of watchers.values()) {
    const data = { log: 'session.log', attempt: 1, lines: [`booting ${Date.now()}`] }
    const text = `id: 2.1.100.${offset}.1.2\nevent: log\ndata: ${JSON.stringify(data)}\n\n`
    for (const response of own) response.write(text)
  }
}, everyMs)

console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
