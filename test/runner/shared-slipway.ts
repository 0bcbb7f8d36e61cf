// Started by the runner: a Slipway for all files that can share one. It prints where it is, as one line of JSON, and
// ends with the channel to the runner.
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { makeDataDir } from '../harness/data-dir.ts'
import { type SharedPlace, startForSharing } from '../harness/shared.ts'

const folder = await makeDataDir()
const output = join(folder.path, 'output.log')
const stream = createWriteStream(output)
const ended = new Promise((resolve) => process.once('disconnect', resolve))
const { slipway, close } = await startForSharing((line) => void stream.write(`${line}\n`))
const place: SharedPlace = { url: slipway.url, dataDir: slipway.dataDir, output }
process.stdout.write(`${JSON.stringify(place)}\n`)
await ended
await close()
await folder.remove()
