import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { JsonObject } from '#schema'

/** Runs a kubectl with a kubeconfig, and whatever is applied on standard input; its output, or what it was refused with. */
export type AsKubectl = (words: string, body?: JsonObject) => Promise<string>

/** A kubectl that is who a kubeconfig says; files lie in a folder. */
export function kubectlAs(program: string, folder: string, kubeconfig: string): AsKubectl {
  return (words, body) =>
    new Promise(resolve => {
      const args = words.split(' ')
      if (body !== undefined) {
        const file = path.join(folder, 'sent.json')
        fs.writeFileSync(file, JSON.stringify(body))
        args.push('-f', file)
      }
      const env = { ...process.env, HOME: folder, KUBECONFIG: kubeconfig }
      execFile(program, args, { env, timeout: 30_000 }, (_error, out, err) => resolve(`${out}${err}`))
    })
}

/** What a machine gets and does not get, as kubectl shows it; `admin` may everything, `node` is the machine `one`. */
export async function checkNodeRights(admin: AsKubectl, node: AsKubectl): Promise<void> {
  await make(admin)
  for (const [words, wanted] of TABLE) assert.match(await node(words), wanted, words)
  for (const [object, wanted] of MADE) {
    const said = await node('create', object)
    assert.match(said, wanted, `${JSON.stringify(object)}: ${said}`)
  }
  assert.match(await node('label node one zone=a kubernetes.io/hostname=one'), /labeled/)
  assert.match(await node('label node one node-restriction.kubernetes.io/x=y'), /may not change the label/)
  assert.match(await node('taint nodes one k=v:NoSchedule'), /may not change its taints/)
  assert.match(await node('delete pod theirs --wait=false'), FORBIDDEN)
  assert.match(await node('delete pod own --force --wait=false'), /deleted/)
  for (let tries = 0; tries < 100 && !FORBIDDEN.test(await node('get secret used')); tries += 1);
  assert.match(await node('get secret used'), FORBIDDEN, 'what it needed goes with the pod')
}

const FORBIDDEN = /orbidden|may only/

const TABLE: readonly (readonly [string, RegExp])[] = [
  ['get secret used -o jsonpath={.data.k}', /^eA==$/],
  ['get configmap used -o name', /^configmap\/used/],
  ['get secret unused', FORBIDDEN],
  ['get secret used-elsewhere', FORBIDDEN],
  ['get secrets', FORBIDDEN],
  ['get secrets -A', FORBIDDEN],
  ['get configmaps', FORBIDDEN],
  ['get pods', FORBIDDEN],
  ['get pods -A --field-selector spec.nodeName=two', FORBIDDEN],
  ['get pods -A --field-selector spec.nodeName=one -o name', /^pod\/own\n$/],
  ['get pod own -o name', /^pod\/own/],
  ['get pod theirs', FORBIDDEN],
  ['get nodes', FORBIDDEN],
  ['create token default --bound-object-kind Pod --bound-object-name own', /^ey/],
  ['create token default --bound-object-kind Pod --bound-object-name theirs', FORBIDDEN],
  ['create token default', FORBIDDEN],
  ['auth can-i list secrets', /^no/],
  ['auth can-i get secrets/used', /^yes/],
]

const MADE: readonly (readonly [JsonObject, RegExp])[] = [
  // Who has the certificate of a machine is in the cloud: control may have made its Node before.
  [of(['v1', 'Node'], 'one'), /created|already exists/],
  [of(['v1', 'Node'], 'two'), FORBIDDEN],
  [of(['coordination.k8s.io/v1', 'Lease'], 'one', { spec: {} }, 'kube-node-lease'), /created/],
  [of(['coordination.k8s.io/v1', 'Lease'], 'two', { spec: {} }, 'kube-node-lease'), FORBIDDEN],
  [of(['v1', 'Pod'], 'not-shown', { spec: { nodeName: 'one', containers: containers() } }, 'default'), FORBIDDEN],
  [mirror('shown', 'one', {}), /created/],
  [mirror('shown-elsewhere', 'two', {}), FORBIDDEN],
  [mirror('greedy', 'one', { imagePullSecrets: [{ name: 'unused' }] }), FORBIDDEN],
]

async function make(admin: AsKubectl): Promise<void> {
  const objects = [
    ...['used', 'unused', 'used-elsewhere'].map(name =>
      of(['v1', 'Secret'], name, { stringData: { k: 'x' } }, 'default'),
    ),
    of(['v1', 'ConfigMap'], 'used', {}, 'default'),
    podOn('own', 'one', 'used'),
    podOn('theirs', 'two', 'used-elsewhere'),
  ]
  const said = await admin('create', { apiVersion: 'v1', kind: 'List', items: objects })
  assert.equal(said.match(/created/g)?.length, objects.length, said)
}

function podOn(name: string, nodeName: string, secret: string): JsonObject {
  const from = [{ secretRef: { name: secret } }, { configMapRef: { name: secret } }]
  return of(['v1', 'Pod'], name, { spec: { nodeName, containers: containers({ envFrom: from }) } }, 'default')
}

function mirror(name: string, nodeName: string, more: JsonObject): JsonObject {
  const pod = of(['v1', 'Pod'], name, { spec: { nodeName, containers: containers(), ...more } })
  const annotations = { 'kubernetes.io/config.mirror': 'x' }
  return { ...pod, metadata: { name, namespace: 'default', annotations } }
}

function containers(more: JsonObject = {}): readonly JsonObject[] {
  return [{ name: 'c', image: 'x', ...more }]
}

function of(
  [apiVersion, kind]: readonly [string, string],
  name: string,
  more: JsonObject = {},
  namespace?: string,
): JsonObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...more }
}
