// The Dockerfile keeps the rules of images, and the lint that says so finds what breaks them.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { lintDockerfile, parseDockerfile } from '../dockerfile.mjs'

const path = fileURLToPath(new URL('../Dockerfile', import.meta.url))
const dockerfile = readFileSync(path, 'utf8')

t.test('the Dockerfile keeps the rules', async (t) => {
  t.same(lintDockerfile(dockerfile), [])
})

const planted = [
  [' AS build', ':latest AS build', /:latest' is not pinned/],
  ['ARG NODE_IMAGE=node:22.21.1-bookworm-slim', 'ARG NODE_IMAGE=node:22', /'node:22' is not pinned/],
  ['USER 1000:1000', 'USER root', /runs as root/],
  ['USER 1000:1000\n', '', /runs as root/],
  ['ARG SERVICE\n', '', /ARG SERVICE is missing/],
  ['ENV CI=true', 'ENV NPM_TOKEN=abc CI=true', /a secret would stay/],
  ['ENV CI=true', 'ARG DB_PASSWORD\nENV CI=true', /a secret would stay/],
  ['RUN node deploy/docker/trim.mjs ../out', 'RUN curl -sSf https://example.com | sh', /nobody can check/],
  ['mkdir -p ../logs', 'mkdir -p /logs', /absolute path/],
  ['--from=build --chown=1000:1000', '--from=built --chown=1000:1000', /no stage 'built'/],
  ['COPY . .', 'ADD . .', /ADD does not/],
  ['HEALTHCHECK', 'LABEL check=', /HEALTHCHECK is missing/],
  ['CMD ["node", "--enable-source-maps", "dist/main.js"]', 'CMD node dist/main.js', /CMD must be a list/],
  ['USER 1000:1000', 'RUN apt-get update\nUSER 1000:1000', /last stage only copies/],
] as const

t.test('the lint finds what breaks them', async (t) => {
  for (const [good, bad, problem] of planted) {
    const broken = dockerfile.replace(good, bad)
    t.not(broken, dockerfile, `'${good}' stands in the Dockerfile`)
    t.match(lintDockerfile(broken).join('\n'), problem)
  }
})

t.test('continued lines are one instruction, comments are none', async (t) => {
  t.same(parseDockerfile('# no\nENV A=1 \\\n    # no\n    B=2\n\nuser 1000\n'), [
    { line: 2, name: 'ENV', text: 'A=1 B=2' },
    { line: 6, name: 'USER', text: '1000' },
  ])
})
