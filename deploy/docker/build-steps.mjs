#!/usr/bin/env node
// Runs the steps of the Dockerfile where there is no engine, in temporary folders: one for each stage, which stands for its
// root. Then it proves that what would be in the image works: it starts the service as the image would, waits for
// its health check, and stops it.   node deploy/docker/build-steps.mjs [service…]     (default: executor and gateway)
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lintDockerfile, parseDockerfile } from './dockerfile.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const content = readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8')
const services = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['executor', 'gateway']

const problems = lintDockerfile(content)
for (const problem of problems) console.error(`Dockerfile: ${problem}`)
if (problems.length > 0) process.exit(1)

const work = mkdtempSync(join(tmpdir(), 'slipway-image-'))
process.once('exit', () => rmSync(work, { recursive: true, force: true }))
const instructions = parseDockerfile(content)
const beginsService = instructions.findIndex(({ name, text }) => name === 'ARG' && text === 'SERVICE')
const state = { stage: '', folder: '', cwd: '', env: {} }
run(instructions.slice(0, beginsService), state)
for (const service of services) {
  console.log(`== ${service}`)
  for (const stage of ['runtime', 'build/out', 'build/logs', 'build/data'])
    rmSync(join(work, stage), { recursive: true, force: true })
  const own = { ...state, env: { ...state.env, SERVICE: service } }
  run(instructions.slice(beginsService), own)
  await prove(service, own)
}
console.log(`The steps of the Dockerfile work for ${services.join(', ')}.`)

function run(list, at) {
  for (const instruction of list) step(instruction, at)
}

function step({ name, text }, at) {
  switch (name) {
    case 'FROM':
      at.stage = / as (\S+)$/i.exec(text)?.[1] ?? 'stage'
      at.folder = join(work, at.stage)
      at.cwd = at.folder
      mkdirSync(at.folder, { recursive: true })
      at.env = at.stage === 'runtime' ? {} : at.env
      break
    case 'WORKDIR':
      at.cwd = join(at.folder, text)
      mkdirSync(at.cwd, { recursive: true })
      break
    case 'ENV':
      for (const [, key, value] of text.matchAll(/(\w+)=(\S+)/g)) at.env[key] = value
      break
    case 'COPY':
      copy(text, at)
      break
    case 'RUN':
      shell(text, at)
      break
    default:
      // ARG, LABEL, USER, EXPOSE, HEALTHCHECK, CMD: facts of the image, not steps.
      break
  }
}

function copy(text, at) {
  const from = /--from=(\S+)/.exec(text)?.[1]
  const [source, target] = text.split(/\s+/).filter((word) => !word.startsWith('--'))
  const destination = target.startsWith('/') ? join(at.folder, target) : join(at.cwd, target)
  if (from === undefined) return copySources(destination)
  mkdirSync(dirname(destination), { recursive: true })
  cpSync(join(work, from, source), destination, { recursive: true, verbatimSymlinks: true })
}

/** What git knows of the working tree: never more than .dockerignore lets through. */
function copySources(destination) {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    maxBuffer: 1 << 28,
  })
  for (const file of stdout.toString().split('\0')) {
    if (file === '') continue
    mkdirSync(dirname(join(destination, file)), { recursive: true })
    try {
      cpSync(join(root, file), join(destination, file))
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
}

function shell(command, at) {
  const started = performance.now()
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
    cwd: at.cwd,
    env: { PATH, HOME, ...at.env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(`${status === 0 ? 'ok' : 'NOT OK'}  ${command.slice(0, 110)} (${seconds} s)`)
  if (status === 0) return
  console.error(stdout, stderr)
  process.exit(1)
}

/** Starts what the image would start, without a NATS or a database: it is alive, and it stops when told to. */
async function prove(service, { cwd, env }) {
  const { PATH } = process.env
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH,
      ...env,
      HOST: '127.0.0.1',
      SLIPWAY_LOG_DIR: join(work, 'runtime/var/lib/slipway/logs'),
      SLIPWAY_MASTER_KEY: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
      SLIPWAY_ADMIN_PASSWORD: 'for-this-proof-only',
      EXECUTOR_URL: 'http://127.0.0.1:1',
      DISTRIBUTION_URL: 'http://127.0.0.1:1',
      SLIPWAY_DATA_DIR: join(work, 'runtime/var/lib/slipway/data'),
      NATS_URL: 'nats://127.0.0.1:1',
      [`${service.toUpperCase()}_DATABASE_URL`]: 'postgresql://127.0.0.1:1/none',
    },
  })
  child.stdout.resume()
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  const isHealthy = () => spawnSync(process.execPath, [join(cwd, 'healthcheck.mjs')]).status === 0
  const deadline = performance.now() + 30_000
  while (!isHealthy()) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${service}: not healthy`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill('SIGTERM')
  const code = await ended
  if (code !== 0) throw new Error(`${service}: ended with status ${code}`)
  console.log('ok  it starts, is healthy and stops')
}
