import { after, before, suite } from 'node:test'
import { conformance } from '../test/conformance.ts'
import { never, quietWorld } from '../test/support.ts'
import { openEtcdKeyspace } from './open.ts'
import { type EtcdServer, startEtcd, whyNoEtcd } from './test/etcd-server.ts'

suite('etcd', { skip: whyNoEtcd() }, () => {
  let server: EtcdServer
  let clouds = 0
  before(async () => {
    server = await startEtcd()
  })
  after(() => server[Symbol.asyncDispose]())

  conformance('etcd', () => {
    clouds += 1
    return openEtcdKeyspace({ world: quietWorld, endpoints: [server.url], prefix: `/cloud-${clouds}/` }, never)
  })
})
