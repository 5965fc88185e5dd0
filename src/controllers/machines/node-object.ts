import type { MachineReport } from '#cluster'
import {
  isJsonObject,
  isSameJson,
  type JsonObject,
  jsonAt,
  type KubeObject,
  labelValueProblem,
  MACHINE_FINALIZER,
  ZONE_LABEL,
} from '#schema'
import { conditionsOf, type MachineFacts } from './conditions.ts'

/** The Node of a machine that was let in. */
export function newNode(name: string): JsonObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, finalizers: [MACHINE_FINALIZER] }, spec: {} }
}

/** The labels that a Node has of what its machine says; those of people stay. */
export function labelsOf(node: KubeObject, { machine, heard }: MachineFacts): Readonly<Record<string, string>> {
  const report = heard?.report
  const role = machine.role === 'controller' ? 'control-plane' : 'node'
  return {
    ...node.metadata.labels,
    'kubernetes.io/hostname': machine.name,
    'kubernetes.io/os': 'linux',
    'cairn.dev/role': machine.role,
    [`node-role.kubernetes.io/${role}`]: '',
    ...(report === undefined ? {} : { 'kubernetes.io/arch': architectureOf(report) }),
    ...labelOf(ZONE_LABEL, machine.zone),
    ...labelOf('cairn.dev/lab', report?.lab ?? ''),
  }
}

// What a machine says of itself may be nothing that a label can have.
function labelOf(key: string, value: string): Readonly<Record<string, string>> {
  return value === '' || labelValueProblem(value) !== undefined ? {} : { [key]: value }
}

/** The status of a Node; the very one it has when that says the same. */
export function nodeStatus(node: KubeObject, facts: MachineFacts, time: string): JsonObject {
  const old: JsonObject = isJsonObject(node['status']) ? node['status'] : {}
  const report = facts.heard?.report
  const next: JsonObject = {
    ...old,
    ...(report === undefined ? {} : { capacity: capacityOf(facts, report), allocatable: capacityOf(facts, report) }),
    addresses: addressesOf(facts),
    conditions: conditionsOf(node, facts, time),
    nodeInfo: report === undefined ? (jsonAt(old, 'nodeInfo') ?? NO_INFO) : infoOf(report),
  }
  return isSameJson(old, next) ? old : next
}

// What the map says of its disks, as that is told in steps.
function capacityOf({ machine }: MachineFacts, { cpus, memoryMiB }: MachineReport): JsonObject {
  const diskMiB = machine.disks.reduce((sum, each) => sum + each.capacityMiB, 0)
  return { cpu: String(cpus), memory: `${memoryMiB}Mi`, 'ephemeral-storage': `${diskMiB}Mi` }
}

function addressesOf({ machine }: MachineFacts): readonly JsonObject[] {
  const hosts = new Set([...machine.addresses.map(hostOf), ...(machine.mesh?.addresses ?? [])])
  const ips = [...hosts].filter(host => host !== machine.name).map(address => ({ type: addressType(address), address }))
  return [...ips, { type: 'Hostname', address: machine.name }]
}

function addressType(host: string): string {
  return /^[0-9.]+$|:/.test(host) ? 'InternalIP' : 'InternalDNS'
}

// `HOST:PORT`, `[IPV6]:PORT`.
function hostOf(address: string): string {
  return address.replace(/:[0-9]*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function infoOf(report: MachineReport): JsonObject {
  return {
    ...NO_INFO,
    architecture: architectureOf(report),
    kernelVersion: report.kernel,
    kubeletVersion: report.software,
    osImage: report.os,
  }
}

const NO_INFO: JsonObject = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: 'linux',
  osImage: '',
  systemUUID: '',
}

// As Go calls them, and with it Kubernetes.
function architectureOf({ architecture }: MachineReport): string {
  return GO_NAMES[architecture] ?? architecture
}

const GO_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64', ia32: '386' }
