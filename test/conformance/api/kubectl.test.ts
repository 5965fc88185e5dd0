import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { findKubectls, NO_KUBECTL } from '../../kubectls.ts'
import { Kubectl } from './testing/kubectl.ts'
import { TestServer } from './testing/server.ts'

const programs = findKubectls()

if (programs.length === 0) test('kubectl', { skip: NO_KUBECTL }, () => undefined)

for (const program of programs) {
  test(`${basename(program)} does its everyday work`, async () => {
    await using server = await TestServer.open()
    const kubectl = new Kubectl(program, server)
    /** Runs what must succeed; its output. */
    const ok = async (words: string, input?: unknown): Promise<string> => {
      const { code, out, err } = await kubectl.run(words, input)
      assert.equal(code, 0, `kubectl ${words}: ${err}`)
      return out
    }
    /** Runs what must be refused; what is said. */
    const refused = async (words: string, input?: unknown): Promise<string> => {
      const { code, err } = await kubectl.run(words, input)
      assert.notEqual(code, 0, `kubectl ${words}`)
      return err
    }
    await asksTheServer(ok)
    await writesObjects(ok, refused)
    await scalesAndPatches(ok, refused)
    await deletesObjects(ok, refused)
    await watches(kubectl, ok)
    assert.deepEqual(server.warnings, [])
  })
}

type Run = (words: string, input?: unknown) => Promise<string>

async function asksTheServer(ok: Run): Promise<void> {
  assert.match(await ok('version'), /Server Version: .*v1\.33\.0\+cairn-test/)
  assert.match(await ok('api-resources'), /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/)
  assert.match(await ok('api-versions'), /^apps\/v1$/m)
  assert.equal(await ok('get --raw /readyz'), 'ok')
  assert.match(await ok("get --raw '/readyz?verbose'"), /\[\+\]ping ok\nreadyz check passed/)
  assert.match(await ok('get --raw /metrics'), /apiserver_request_total\{verb="get",resource="",code="200"\}/)
}

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
  },
}

async function writesObjects(ok: Run, refused: Run): Promise<void> {
  assert.match(await ok('apply -f -', DEPLOYMENT), /deployment.apps\/web created/)
  assert.match(await ok('apply -f -', DEPLOYMENT), /deployment.apps\/web unchanged/)
  assert.match(await ok('get deploy'), /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nweb\s+0\/2/)
  assert.match(await ok('get deploy -o wide'), /nginx:1\s+app=web/)
  assert.equal(await ok("get deploy web -o jsonpath='{.spec.replicas}'"), '2')
  assert.match(await ok('describe deploy web'), /Replicas:\s+2 desired/)
  assert.match(await ok('create configmap a --from-literal=x=1'), /configmap\/a created/)
  assert.match(await refused('create configmap a'), /configmaps "a" already exists/)
  assert.match(await refused('get configmap none'), /Error from server \(NotFound\): configmaps "none" not found/)
  assert.match(await refused('create configmap a -n none'), /namespaces "none" not found/)
  const odd = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'odd' }, datum: {} }
  assert.match(await refused('create -f -', odd), /strict decoding error: unknown field "datum"/)
  assert.match(await ok('create --validate=warn -f -', odd), /configmap\/odd created/)
  const bad = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'A_b' } }
  assert.match(await refused('create -f -', bad), /The ConfigMap "A_b" is invalid: metadata\.name: Invalid value/)
}

async function scalesAndPatches(ok: Run, refused: Run): Promise<void> {
  assert.match(await ok('scale deploy web --replicas=5'), /deployment.apps\/web scaled/)
  assert.equal(await ok("get deploy web -o jsonpath='{.spec.replicas} {.metadata.generation}'"), '5 2')
  assert.match(await refused('scale deploy web --replicas=1 --current-replicas=4'), /Expected replicas to be 4, was 5/)
  assert.match(await ok('label configmap a tier=front'), /labeled/)
  assert.match(await ok('annotate configmap a note=x'), /annotate/)
  assert.match(await ok('get configmap -l tier=front -o name'), /^configmap\/a$/m)
  assert.match(await ok('get configmap --field-selector metadata.name=a -o name'), /^configmap\/a$/m)
  for (const [type, patch] of [
    ['merge', '{"data":{"y":"2"}}'],
    ['json', '[{"op":"add","path":"/data/z","value":"3"}]'],
    ['strategic', '{"data":{"x":null}}'],
  ] as const) {
    assert.match(await ok(`patch configmap a --type ${type} -p ${patch}`), /configmap\/a patched/)
  }
  assert.equal(await ok("get configmap a -o jsonpath='{.data}'"), '{"y":"2","z":"3"}')
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }
  await ok('create -f -', pod)
  assert.match(await refused('exec p -- ls'), /no machine runs pods yet/)
  assert.match(await refused('logs p'), /no machine runs pods yet/)
  await ok('delete pod p')
}

async function deletesObjects(ok: Run, refused: Run): Promise<void> {
  await ok('create namespace away')
  assert.match(await refused('delete namespace default'), /Forbidden.*this namespace may not be deleted/)
  await ok('delete namespace away --wait=false')
  assert.match(await refused('create configmap late -n away'), /because it is being terminated/)
  assert.match(await ok('delete configmap odd --wait'), /configmap "odd" deleted/)
  assert.match(await ok('delete deploy web --cascade=foreground --wait=false'), /"web" deleted/)
  assert.equal(await ok("get deploy web -o jsonpath='{.metadata.finalizers[0]}'"), 'foregroundDeletion')
  await ok(`patch deploy web --type merge -p {"metadata":{"finalizers":null}}`)
  assert.match(await refused('get deploy web'), /NotFound/)
  assert.match(await ok('delete configmap none --ignore-not-found'), /^$/)
}

async function watches(kubectl: Kubectl, ok: Run): Promise<void> {
  const child = kubectl.watch('get configmap -w --output-watch-events')
  const seen = (async () => {
    let text = ''
    for await (const part of child.stdout ?? []) {
      text += String(part)
      if (/DELETED\s+later/.test(text)) break
    }
    return text
  })()
  await ok('create configmap later')
  await ok('label configmap later x=y')
  await ok('delete configmap later')
  const text = await seen
  child.kill()
  await untilNobodyWatches(ok)
  assert.match(text, /EVENT\s+NAME\s+DATA\s+AGE\nADDED\s+a\s+2/)
  assert.match(text, /DELETED\s+later/)
  assert.match(await ok('wait --for=jsonpath={.data.y}=2 configmap/a --timeout=5s'), /condition met/)
}

// A client that goes away leaves nothing behind.
async function untilNobodyWatches(ok: Run): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    if (/apiserver_longrunning_requests\{verb="watch",resource="configmaps"\} 0\n/.test(await ok('get --raw /metrics')))
      return
  }
  assert.fail('the watch of a client that has gone is still under way')
}
