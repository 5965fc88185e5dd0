import { changeEach, changeObject, fill } from '../../fill.ts'
import { isJsonObject, type JsonObject, textAt } from '../../json.ts'

/** The spec of a pod template with what people may leave out (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go). */
export function podSpecDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  })
  const volumes = changeEach(withAccount(filled), 'volumes', volumeDefaults)
  return CONTAINERS.reduce((made, list) => changeEach(made, list, containerDefaults), volumes)
}

/** A pod template with what people may leave out. */
export function podTemplateDefaults(template: JsonObject): JsonObject {
  return changeObject(template, 'spec', podSpecDefaults)
}

/** A pod's own spec: beside what templates get, requests follow limits, and host ports those of the containers. */
export function ownPodSpecDefaults(spec: JsonObject): JsonObject {
  const filled = podSpecDefaults(fill(spec, { enableServiceLinks: true }))
  const bounded = CONTAINERS.reduce(
    (made, list) => changeEach(made, list, each => changeObject(each, 'resources', withRequests)),
    filled,
  )
  if (bounded['hostNetwork'] !== true) return bounded
  return CONTAINERS.reduce((made, list) => changeEach(made, list, each => changeEach(each, 'ports', onHost)), bounded)
}

const CONTAINERS = ['initContainers', 'containers'] as const
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const MODED = ['configMap', 'secret', 'downwardAPI', 'projected'] as const

// The older name of a field is kept the same as the newer.
function withAccount(spec: JsonObject): JsonObject {
  const account = textAt(spec, 'serviceAccountName') ?? textAt(spec, 'serviceAccount')
  return account === undefined ? spec : { ...spec, serviceAccountName: account, serviceAccount: account }
}

/** Amounts with requests for what has a limit only. */
export function withRequests(resources: JsonObject): JsonObject {
  const { limits } = resources
  if (!isJsonObject(limits)) return resources
  const requests = isJsonObject(resources['requests']) ? resources['requests'] : {}
  return { ...resources, requests: fill(requests, limits) }
}

function onHost(port: JsonObject): JsonObject {
  return fill(port, { hostPort: port['containerPort'] })
}

/** A container with what people may leave out. */
export function containerDefaults(container: JsonObject): JsonObject {
  const filled = fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isMoving(textAt(container, 'image') ?? '') ? 'Always' : 'IfNotPresent',
    resources: {},
  })
  const ports = changeEach(filled, 'ports', port => fill(port, { protocol: 'TCP' }))
  const env = changeEach(ports, 'env', variable => changeObject(variable, 'valueFrom', sourceDefaults))
  const hooks = changeObject(env, 'lifecycle', lifecycle =>
    ['postStart', 'preStop'].reduce((made, hook) => changeObject(made, hook, handlerDefaults), lifecycle),
  )
  return PROBES.reduce((made, probe) => changeObject(made, probe, probeDefaults), hooks)
}

// Without a tag, or with `latest`, an image may be another one tomorrow.
function isMoving(image: string): boolean {
  if (image.includes('@')) return false
  const tag = /:([^/]*)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest'
}

function sourceDefaults(source: JsonObject): JsonObject {
  const field = changeObject(source, 'fieldRef', reference => fill(reference, { apiVersion: 'v1' }))
  return changeObject(field, 'resourceFieldRef', reference => fill(reference, { divisor: '0' }))
}

function probeDefaults(probe: JsonObject): JsonObject {
  const filled = fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  return changeObject(handlerDefaults(filled), 'grpc', grpc => fill(grpc, { service: '' }))
}

function handlerDefaults(handler: JsonObject): JsonObject {
  return changeObject(handler, 'httpGet', get => fill(get, { path: '/', scheme: 'HTTP' }))
}

function volumeDefaults(volume: JsonObject): JsonObject {
  const hasSource = Object.keys(volume).some(name => name !== 'name')
  if (!hasSource) return { ...volume, emptyDir: {} }
  const moded = MODED.reduce(
    (made, source) => changeObject(made, source, value => fill(value, { defaultMode: 0o644 })),
    volume,
  )
  const downward = changeObject(moded, 'downwardAPI', value => changeEach(value, 'items', sourceDefaults))
  const path = changeObject(downward, 'hostPath', value => fill(value, { type: '' }))
  const claim = changeObject(path, 'ephemeral', value => changeObject(value, 'volumeClaimTemplate', claimDefaults))
  return changeObject(claim, 'projected', value => changeEach(value, 'sources', projectionDefaults))
}

function projectionDefaults(source: JsonObject): JsonObject {
  const token = changeObject(source, 'serviceAccountToken', value => fill(value, { expirationSeconds: 3600 }))
  return changeObject(token, 'downwardAPI', value => changeEach(value, 'items', sourceDefaults))
}

function claimDefaults(template: JsonObject): JsonObject {
  return changeObject(template, 'spec', spec => fill(spec, { volumeMode: 'Filesystem' }))
}
