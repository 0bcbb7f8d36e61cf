// deploy/kubernetes says what is true of the services, in Kubernetes' own schemas.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { busAccess } from '@slipway/contracts'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { PersistentVolumeClaim, Service } from 'kubernetes-models/v1'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { topology } from '../src/topology.ts'

type Json = Record<string, unknown>
interface EnvEntry {
  name: string
  value?: string
  valueFrom?: { secretKeyRef?: { name: string; key: string } }
}
interface DeploymentRow extends Json {
  metadata: { name: string }
  spec: {
    replicas: number
    template: { spec: { enableServiceLinks?: boolean; containers: { image: string; env: EnvEntry[] }[] } }
  }
}

const folder = fileURLToPath(new URL('../../kubernetes/', import.meta.url))
const read = (file: string) => readFileSync(folder + file, 'utf8')
const documents = (file: string) => parseAllDocuments(read(file)).map((document) => document.toJS() as Json)
const manifests = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml') && !['kustomization.yaml', 'every-service.yaml'].includes(file))
  .flatMap(documents)
const [common = {}] = documents('every-service.yaml')
const { resources } = parse(read('kustomization.yaml')) as { resources: string[] }

/** As kustomize merges a patch: objects by key, lists of named things by name. */
function merge(base: unknown, patch: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) {
    const named = new Map([...base, ...patch].map((item) => [item?.name ?? JSON.stringify(item), item]))
    for (const [name] of named) {
      const at = (list: { name?: string }[]) => list.find((item) => item?.name === name)
      if (at(base) !== undefined && at(patch) !== undefined) named.set(name, merge(at(base), at(patch)))
    }
    return [...named.values()]
  }
  if (!isObject(base) || !isObject(patch)) return patch
  const keys = [...new Set([...Object.keys(base), ...Object.keys(patch)])]
  return Object.fromEntries(
    keys.map((key) => [
      key,
      key in base && key in patch ? merge(base[key], patch[key]) : (patch[key] ?? base[key]),
    ]),
  )
}
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const deployments = manifests.filter(({ kind }) => kind === 'Deployment') as DeploymentRow[]
const serviceOf = (name: string): DeploymentRow => {
  const found = deployments.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`no Deployment of ${name}`)
  return merge(found, { ...common, metadata: {} }) as DeploymentRow
}
const containerOf = (name: string) => {
  const [container] = serviceOf(name).spec.template.spec.containers
  if (container === undefined) throw new Error(`no container of ${name}`)
  return container
}

t.test('every manifest fits the schema of its kind', async (t) => {
  const validators: Record<string, (row: never) => { validate(): void }> = {
    Deployment: (row) => new Deployment(row),
    HorizontalPodAutoscaler: (row) => new HorizontalPodAutoscaler(row),
    NetworkPolicy: (row) => new NetworkPolicy(row),
    PersistentVolumeClaim: (row) => new PersistentVolumeClaim(row),
    PodDisruptionBudget: (row) => new PodDisruptionBudget(row),
    Service: (row) => new Service(row),
  }
  const merged = topology.map(({ service }) => serviceOf(service))
  for (const row of [...manifests, ...merged]) {
    const { kind = '', metadata } = row as { kind?: string; metadata?: { name: string } }
    t.doesNotThrow(() => validators[kind]?.(row as never).validate(), `${kind} ${metadata?.name}`)
    t.ok(validators[kind], kind)
  }
})

t.test('every service has a Deployment with what it needs and no more', async (t) => {
  for (const { service, replicas, database, masterKey } of topology) {
    const { image, env } = containerOf(service)
    t.equal(image, `slipway-${service}`)
    t.equal(
      serviceOf(service).spec.replicas,
      replicas,
      `${service}: as many as in the cluster on one machine`,
    )
    t.equal(
      serviceOf(service).spec.template.spec.enableServiceLinks,
      false,
      'no <SERVICE>_PORT of Kubernetes among the settings',
    )
    t.ok(resources.includes(`${service}.yaml`), `${service} is among the resources`)
    const secrets = new Set(env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name))
    t.equal(secrets.has('slipway-databases'), database, `${service}: a database`)
    t.equal(secrets.has('slipway-master-key'), masterKey, `${service}: the master key`)
    for (const { valueFrom } of env) {
      const { name, key } = valueFrom?.secretKeyRef ?? {}
      if (name === 'slipway-databases') t.equal(key, service, 'its own database')
      if (name === 'slipway-nats') t.equal(key, `${service.toUpperCase()}_PASSWORD`, 'its own user')
    }
  }
})

t.test('every setting is one that the service has', async (t) => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/settings.md', import.meta.url)), 'utf8')
  for (const { service } of topology) {
    for (const { name, value, valueFrom } of containerOf(service).env) {
      const shown = name === `${service.toUpperCase()}_DATABASE_URL` ? '<SERVICE>_DATABASE_URL' : name
      t.ok(page.includes(`\`${shown}\``), `${service}: ${name}`)
      t.ok(value ?? valueFrom, `${name} is given`)
    }
  }
})

t.test('nats-server allows each service what the contracts say', async (t) => {
  const text = read('nats.conf')
  const quoted = (subjects: readonly string[]) => subjects.map((subject) => `"${subject}"`).join(', ')
  for (const { service } of topology) {
    const { publish, subscribe } = busAccess(service)
    const user = new RegExp(
      `user: ${service}\\s+password: \\$${service.toUpperCase()}_PASSWORD\\s+permissions: \\{\\s+` +
        'publish: \\{ allow: \\[(.*)\\] \\}\\s+subscribe: \\{ allow: \\[(.*)\\] \\}',
    ).exec(text)
    t.same(user?.slice(1), [quoted(publish), quoted(subscribe)], service)
  }
})
