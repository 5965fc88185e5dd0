import { changeEach, changeObject, fill } from '../../fill.ts'
import type { JsonObject } from '../../json.ts'
import { textAt } from '../../json.ts'

/** A pod's spec with what people may leave out (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go). */
export function podSpecDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  })
  const volumes = changeEach(filled, 'volumes', volumeDefaults)
  const init = changeEach(volumes, 'initContainers', containerDefaults)
  return changeEach(init, 'containers', containerDefaults)
}

/** A pod template with what people may leave out. */
export function podTemplateDefaults(template: JsonObject): JsonObject {
  return changeObject(template, 'spec', podSpecDefaults)
}

function containerDefaults(container: JsonObject): JsonObject {
  const filled = fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isMoving(textAt(container, 'image') ?? '') ? 'Always' : 'IfNotPresent',
    resources: {},
  })
  const ports = changeEach(filled, 'ports', port => fill(port, { protocol: 'TCP' }))
  const env = changeEach(ports, 'env', variable => changeObject(variable, 'valueFrom', sourceDefaults))
  return PROBES.reduce((made, probe) => changeObject(made, probe, probeDefaults), env)
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

// Without a tag, or with `latest`, an image may be another one tomorrow.
function isMoving(image: string): boolean {
  if (image.includes('@')) return false
  const tag = /:([^/]*)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest'
}

function sourceDefaults(source: JsonObject): JsonObject {
  return changeObject(source, 'fieldRef', reference => fill(reference, { apiVersion: 'v1' }))
}

function probeDefaults(probe: JsonObject): JsonObject {
  const filled = fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  const http = changeObject(filled, 'httpGet', get => fill(get, { path: '/', scheme: 'HTTP' }))
  return changeObject(http, 'grpc', grpc => fill(grpc, { service: '' }))
}

function volumeDefaults(volume: JsonObject): JsonObject {
  const hasSource = Object.keys(volume).some(name => name !== 'name')
  if (!hasSource) return { ...volume, emptyDir: {} }
  const moded = ['configMap', 'secret', 'downwardAPI', 'projected'].reduce(
    (made, source) => changeObject(made, source, value => fill(value, { defaultMode: 0o644 })),
    volume,
  )
  const path = changeObject(moded, 'hostPath', value => fill(value, { type: '' }))
  return changeObject(path, 'projected', value =>
    changeEach(value, 'sources', source =>
      changeObject(source, 'serviceAccountToken', token => fill(token, { expirationSeconds: 3600 })),
    ),
  )
}
