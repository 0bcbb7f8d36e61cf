// Endpoints that take one object and answer as a whole: every key of theirs, with what it should not hold.
import type { Test } from 'tap'
import { spoiltRows } from './nasty-rows.ts'
import { nastyTexts, nastyValues } from './nasty-values.ts'
import { control, fill, isRefusal, type NastyWorld, tell } from './nasty-world.ts'
import { type Answer, ahead, listOf, type Row } from './world.ts'

interface OneObject {
  /** In place of the parameters of the path. */
  name: string
  row: Row
  /** What is answered where nothing is wrong with the object. */
  taken: (answer: Answer) => boolean
  /** Texts that a key may hold; what becomes of them is told elsewhere. */
  mayBe?: (key: string, text: string) => boolean
}

const says = (words: RegExp) => (answer: Answer) => words.test(answer.text)

const objects = (jobId: string): Record<string, OneObject> => ({
  '/users/me/password': {
    name: '',
    row: { password: 'not the password', new_password: 'another password' },
    taken: ({ status, text }) => status === 401 || /password is (wrong|not)/i.test(text),
    mayBe: (key, text) =>
      !control.test(text) &&
      (key === 'password' ? text.length <= 1_000 : text.length >= 12 && text.length <= 100),
  },
  '/cco/import': {
    name: '',
    row: { source: 'http://127.0.0.1:1/nothing' },
    taken: ({ status }) => status === 202,
  },
  '/install/{id}/resubmit': {
    name: jobId,
    row: ahead(100),
    taken: says(/as it is scheduled/),
  },
  '/distributions/{directory}/{file}/links': {
    name: 'no-such.zip',
    row: { expires_in: 60, uses: 1 },
    taken: ({ status }) => status === 404,
  },
})

export async function oneObject(t: Test, { get, post, changing, unchanged }: NastyWorld): Promise<void> {
  const [job] = listOf(await get('/install?hostname=R1'))
  const all = objects(String(job?.['id']))
  const known = [...Object.keys(all), ...Object.keys(spoiltRows)].sort()
  t.same(
    changing.map(({ path }) => path).sort(),
    known,
    'every operation that takes JSON is walked key by key',
  )
  for (const [path, { name, row, taken, mayBe }] of Object.entries(all)) {
    const target = fill(path, name)
    const good = await post(target, row)
    t.ok(taken(good), tell(`good: ${path}`, good))
    const wrong: string[] = []
    const tryOne = async (what: string, body: unknown) => {
      const answer = await post(target, body)
      if (!isRefusal(answer) || answer.status !== 400 || taken(answer)) wrong.push(tell(what, answer))
    }
    for (const key of Object.keys(row)) {
      const texts = nastyTexts.filter((text) => mayBe?.(key, text) !== true)
      const values = [...texts, ...nastyTexts.map((text) => [text]), ...nastyValues]
      for (const value of values) await tryOne(JSON.stringify({ [key]: value }), { ...row, [key]: value })
    }
    await tryOne('two objects', [row, row])
    await tryOne('another key', { ...row, no: 'such' })
    await tryOne('a key of prototypes', { ...row, constructor: 1 })
    t.same(wrong, [], path)
  }
  await unchanged(t)
}
