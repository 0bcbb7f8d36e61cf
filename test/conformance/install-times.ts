import type { Test } from 'tap'
import { prepare } from './install-rows.ts'
import { listOf, rowRefused, type World } from './world.ts'

export async function installTimes(t: Test, world: World): Promise<void> {
  const { post, rows } = world
  const { plain, clear } = await prepare(world)
  const one = (scheduled_time: unknown, utc_offset: unknown) =>
    post('/install', { ...plain['Commit'], scheduled_time, utc_offset })
  const scheduled = async (time: string, offset: string) => {
    const [row] = listOf(await one(time, offset))
    const [job] = await rows('GET', `/install?id=${row?.['id']}`)
    return job?.['scheduled_time']
  }
  t.test('scheduled_time and utc_offset make a moment, the sign governs minutes too', async (t) => {
    const moments: [string, string, string][] = [
      ['06-15-2036 03:15 PM', '-07:00', 'Sun, 15 Jun 2036 22:15:00 GMT'],
      ['06-15-2036 03:15 PM', '-03:30', 'Sun, 15 Jun 2036 18:45:00 GMT'],
      ['06-15-2036 03:15 PM', '+05:45', 'Sun, 15 Jun 2036 09:30:00 GMT'],
      ['06-15-2036 12:00 AM', '+14:00', 'Sat, 14 Jun 2036 10:00:00 GMT'],
      ['06-15-2036 12:00 PM', '-14:00', 'Mon, 16 Jun 2036 02:00:00 GMT'],
      ['02-29-2036 12:59 AM', '+00:00', 'Fri, 29 Feb 2036 00:59:00 GMT'],
      ['6-5-2036 3:05 pm', '-00:00', 'Thu, 05 Jun 2036 15:05:00 GMT'],
      ['6-5-2036 11:05 am', '+12:59', 'Wed, 04 Jun 2036 22:06:00 GMT'],
    ]
    for (const [time, offset, moment] of moments)
      t.equal(await scheduled(time, offset), moment, `${time} ${offset}`)
    await clear()
  })
  t.test('scheduled_time without utc_offset is refused', async (t) => {
    const message = 'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.'
    for (const offset of [undefined, null, ''])
      rowRefused(t, await one('06-15-2036 03:15 PM', offset), message)
  })
  t.test('an offset is <+|->dd:dd from -14:00 to +14:00, the whole string', async (t) => {
    const message = "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00."
    const bad = [
      '+14:01',
      '-14:01',
      '+15:00',
      '+07:60',
      '07:00',
      ' 07:00',
      '+7:00',
      '+0700',
      '+07:00 ',
      '+07:0',
      'Z',
    ]
    for (const offset of [...bad, '+07:00\u2028', '+０7:00', '−07:00', '+07:00:00', '+99:99', 'UTC']) {
      rowRefused(t, await one('06-15-2036 03:15 PM', offset), message)
    }
  })
  t.test('a time is mm-dd-yyyy hh:mm AM|PM, 12 hours, of the calendar', async (t) => {
    const bad = [
      '02-30-2036 01:00 AM',
      '02-29-2035 01:00 AM',
      '13-01-2036 01:00 AM',
      '00-10-2036 01:00 AM',
      '01-00-2036 01:00 AM',
      '01-10-0000 01:00 AM',
      '01-10-2036 13:00 PM',
      '01-10-2036 00:30 AM',
      '01-10-2036 01:60 AM',
      '01-10-2036 1:5 AM',
      '01-10-2036 01:00',
      '01-10-2036 01:00 Am',
      '01-10-2036  01:00 AM',
      ' 01-10-2036 01:00 AM',
      '01-10-2036 01:00 AM ',
      '01/10/2036 01:00 AM',
      '2036-01-10 01:00 AM',
      '01-10-36 01:00 AM',
      '01-10-2036 01:00AM',
      '０1-10-2036 01:00 AM',
      '01-10-2036 01:00:00 AM',
      '01-10-12036 01:00 AM',
      'tomorrow',
    ]
    for (const time of bad) {
      const message = `Invalid scheduled_time: ${time} must be in 'mm-dd-yyyy hh:mm AM|PM' format.`
      rowRefused(t, await one(time, '+00:00'), message)
    }
  })
  t.test('the first and the last years of the calendar are no trouble', async (t) => {
    rowRefused(t, await one('12-31-9999 11:59 PM', '-14:00'), /^Invalid scheduled_time/)
    t.equal(await scheduled('12-31-9999 11:59 PM', '+00:00'), 'Fri, 31 Dec 9999 23:59:00 GMT')
    await clear()
  })
  t.test('a past time is due at once', async (t) => {
    t.equal(await scheduled('06-15-2016 03:15 PM', '-07:00'), 'Wed, 15 Jun 2016 22:15:00 GMT')
    await clear()
  })
}
