// Slipway is killed in the middle of an import of the software catalog: what was imported stays whole, the import is
// shown as failed, and the next one goes on from there.
import { createServer, type ServerResponse } from 'node:http'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { makeDataDir } from '../harness/data-dir.ts'
import { startSlipway } from '../harness/slipway.ts'

const xml = (release: string, creationDate: string, names: readonly string[]) =>
  `<feed><platform>asr9k_px</platform><release>${release}</release><creationDate>${creationDate}</creationDate>
${names.map((name) => `<smu id="${name}" status="Posted"><name>${name}</name></smu>`).join('\n')}</feed>`

t.test('a kill in the middle of an import leaves a whole catalog', async (t) => {
  const dataDir = await makeDataDir()
  t.teardown(() => dataDir.remove())
  let day = 'day 1'
  const held: ServerResponse[] = []
  const server = createServer(({ url = '' }, response) => {
    if (url === '/catalog.dat') response.end('asr9k_px_6.0.0\nasr9k_px_6.0.1\n')
    else if (url === '/asr9k_px_6.0.0.xml') response.end(xml('6.0.0', day, [`first-${day.at(-1)}`]))
    else if (day === 'day 1') response.end(xml('6.0.1', day, ['second-1']))
    else {
      // Half of the second file, and then nothing more.
      response.write(xml('6.0.1', day, ['second-2']).slice(0, 150))
      held.push(response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const source = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`

  const first = await startSlipway(dataDir.path, { shape: 'standalone' })
  t.teardown(() => first.child.stop('SIGKILL'))
  const begin = async ({ api }: typeof first) =>
    (await api.call<{ api_response: { id: number } }>('POST', '/cco/import', { source })).body.api_response.id
  const look = ({ api }: typeof first, id: number) =>
    api.ok<{ status: string; status_message: string; files_unchanged: number }>('GET', `/cco/import/${id}`)
  const ended = (slipway: typeof first, id: number) => {
    const over = async () => {
      const row = await look(slipway, id)
      return row.status === 'in-progress' ? undefined : row
    }
    return until(over, { message: `import ${id} has ended` })
  }
  const software = async ({ api }: typeof first, release: string) => {
    const path = `/cco/software?platform=asr9k_px&release=${release}`
    const { software_list: list } = await api.ok<{ software_list: { name: string }[] }>('GET', path)
    return list.map(({ name }) => name)
  }
  t.equal((await ended(first, await begin(first))).status, 'completed')

  day = 'day 2'
  const id = await begin(first)
  await until(() => held.length > 0, { message: 'the second file is being read' })
  await first.child.stop('SIGKILL')

  const second = await startSlipway(dataDir.path, { shape: 'standalone' })
  t.teardown(() => second.child.stop())
  t.match(await ended(second, id), { status: 'failed', status_message: /^The process that ran it ended/ })
  t.same(await software(second, '6.0.0'), ['first-2'], 'the first file was imported whole')
  t.same(await software(second, '6.0.1'), ['second-1'], 'the second one not at all')
  day = 'day 1'
  t.match(await ended(second, await begin(second)), { status: 'completed', files_unchanged: 1 })
  t.same(await software(second, '6.0.0'), ['first-1'])
})
