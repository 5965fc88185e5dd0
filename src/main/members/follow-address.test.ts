import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { clusterNodes, clusterSeat, nodesMessage, type Seat, type SeatAsked } from '#cluster'
import { machineWorld } from '#host'
import { answerUnary, duplexPair, message, openClient, serveConnection } from '#rpc'
import type { DoorCall } from '../control/storage-door.ts'
import { membersChoice, readChoice, writeChoice } from '../keyspace/choice.ts'
import { until } from '../../../test/cloud/processes.ts'
import { followAddress } from './follow-address.ts'
import { memberDataOf, memberFilesOf, readMember, writeMember } from './member-file.ts'

const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const [WAS, NOW] = ['10.0.0.5', '10.0.0.9']

/** A controller whose member was at 10.0.0.5, and what other controllers answer it. */
function controller(addresses: readonly string[], seat: Partial<Seat> = {}) {
  const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-follow-'))
  const members = [
    { name: 'm2', peerUrl: 'https://10.0.0.6:2380' },
    { name: 'm3', peerUrl: `https://${WAS}:2480` },
  ]
  writeMember(dataFolder, { name: 'm3', host: WAS, clientPort: 2479, peerPort: 2480, isFirst: false, members })
  fs.mkdirSync(`${memberDataOf(dataFolder)}/member/wal`, { recursive: true })
  fs.writeFileSync(`${memberDataOf(dataFolder)}/member/wal/0.wal`, '')
  writeChoice(dataFolder, membersChoice(dataFolder, [`https://${WAS}:2479`, 'https://10.0.0.6:2379']))
  const asked: SeatAsked[] = []
  const own = { role: 'controller', zone: '', state: 'Online', isOwn: true, isConnected: true, disks: 1 } as const
  const row = { ...own, name: 'm3', addresses, capacityMiB: 1, filesystemsOnlyHere: [] }
  const answer: Seat = {
    step: 'seated',
    why: '',
    members: members.map(each => (each.name === 'm3' ? { ...each, peerUrl: `https://${NOW}:2480` } : each)),
    endpoints: [`https://${NOW}:2479`, 'https://10.0.0.6:2379'],
    certificatePem: 'its certificate',
    authorityPem: 'the authority',
    ...seat,
  }
  const handlers = [
    answerUnary(clusterNodes, async () => nodesMessage({ mapVersion: 1, nodes: [row] })),
    answerUnary(clusterSeat, async params => {
      asked.push(params.asked)
      return message(answer)
    }),
  ]
  const call: DoorCall = async (signal, run) => {
    const [here, there] = duplexPair()
    const common = { clock: world.clock, software: 'test' }
    serveConnection(there, { ...common, log: world.log, handlers })
    await using client = await openClient(here, common, signal)
    return await run(client)
  }
  const remove = () => fs.rmSync(dataFolder, { recursive: true })
  return { dataFolder, call, asked, [Symbol.dispose]: remove }
}

test('a member goes where its machine is reached now, with the certificate for there', async () => {
  using it = controller([`${NOW}:7443`, '10.9.9.9:7443'])
  let looks = 0
  await using _following = followAddress({ ...it, world, lookAtEtcd: () => (looks += 1) })
  await until(async () => looks === 2, { what: 'etcd to be started anew' })
  const [asked] = it.asked
  const { csrPem, ...urls } = asked ?? { csrPem: '' }
  assert.match(csrPem, /CERTIFICATE REQUEST/)
  assert.deepEqual(urls, { clientUrl: `https://${NOW}:2479`, peerUrl: `https://${NOW}:2480`, hasData: true })
  const member = readMember(it.dataFolder)
  assert.deepEqual([member?.host, member?.clientPort, member?.peerPort, member?.name], [NOW, 2479, 2480, 'm3'])
  assert.deepEqual(member?.members.at(-1), { name: 'm3', peerUrl: `https://${NOW}:2480` })
  assert.equal(fs.readFileSync(memberFilesOf(it.dataFolder).certificate, 'utf8'), 'its certificate')
  const choice = readChoice(it.dataFolder)
  assert.deepEqual(choice.kind === 'members' && choice.endpoints, [`https://${NOW}:2479`, 'https://10.0.0.6:2379'])
})

test('a member stays where it is while the machine has that address, or says of none, or nobody gives another place', async () => {
  const stay = [
    controller([`${NOW}:7443`, `${WAS}:7443`]),
    controller([]),
    controller([`${NOW}:7443`], { step: 'wait' }),
  ]
  for (const it of stay) {
    using _folder = it
    let calls = 0
    const call: DoorCall = async (signal, run) => {
      const answer = await it.call(signal, run)
      calls += 1
      return answer
    }
    const isLast = it === stay[2]
    {
      await using _following = followAddress({ ...it, call, world, lookAtEtcd: () => undefined })
      await until(async () => calls === (isLast ? 2 : 1), { what: 'a look' })
    }
    assert.equal(readMember(it.dataFolder)?.host, WAS)
    assert.equal(it.asked.length, isLast ? 1 : 0)
  }
})
