import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault, type World } from '#base'
import { readNodeFiles } from '#cluster'
import { openTestController, quietWorld, type TestController } from '../testing/controller.ts'
import { KNOCK_AGAIN_MS } from '../limits.ts'
import { joinFound, type Person } from './join-found.ts'

const none = new AbortController().signal
const NODES = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', isNamespaced: false } as const

suite('a machine that joins without a token', () => {
  let controller: TestController
  let home: string
  let count = 0
  // Time passes as the machine asks again, and not otherwise.
  let passedMs = 0
  const clock = {
    ...quietWorld.clock,
    monotonicMs: () => quietWorld.clock.monotonicMs() + passedMs,
    sleep: (ms: number, signal: AbortSignal) => {
      const isAgain = ms === KNOCK_AGAIN_MS
      if (isAgain) passedMs += ms
      return quietWorld.clock.sleep(isAgain ? 1 : ms, signal)
    },
  }
  const world: World = { ...quietWorld, clock }

  before(async () => {
    controller = await openTestController()
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-found-'))
  })
  after(async () => {
    await controller[Symbol.asyncDispose]()
    fs.rmSync(home, { recursive: true })
  })

  const folder = () => path.join(home, `m${count}`)

  async function join(name: string, person: Partial<Person> = {}, at: TestController = controller) {
    count += 1
    controller.knockFrom = `10.0.0.${count}`
    const { addresses } = await at.token()
    const place = { fingerprint: at.cloud, addresses }
    const whole = { showCode: () => undefined, isConfirmed: async () => true, ...person }
    return joinFound({ place, dataFolder: folder(), name }, whole, world, none)
  }

  test('is let in when an administrator has confirmed the code that it shows', async () => {
    const joined = await join('found', {
      showCode(code) {
        assert.match(code, /^[0-9]{6}$/)
        void whenAsked(controller, 'found').then(waiting => {
          assert.deepEqual([waiting.code, waiting.seenFrom], [code, '10.0.0.1'])
          controller.knocks.approve(code)
        })
      },
    })
    assert.deepEqual([joined.name, joined.role, joined.cloud], ['found', 'node', controller.cloud])
    assert.equal(readNodeFiles(quietWorld.disk, folder())?.node.name, 'found')
    assert.deepEqual(controller.knocks.waiting(), [])
  })

  test('keeps nothing when nobody confirms it in five minutes, or its own people do not', async () => {
    const refused = (error: unknown) => isFault(error, 'NotConfirmed')
    await assert.rejects(join('forgotten'), refused)
    assert.ok(!fs.existsSync(folder()))
    const approve = (code: string) => void whenAsked(controller, 'doubted').then(() => controller.knocks.approve(code))
    await assert.rejects(join('doubted', { showCode: approve, isConfirmed: async () => false }), refused)
    assert.ok(!fs.existsSync(folder()))
  })

  test('shows another code than the administrator sees when somebody is between', async () => {
    await using between = await openTestController()
    const { hearKnock } = between
    let seen = ''
    const theirs: string[] = []
    // Asks the real cloud in the name of the machine, and lets it into one of its own.
    between.hearKnock = async knock => {
      if (theirs.length === 0) {
        theirs.push('')
        void join('victim', { showCode: code => (theirs[0] = code) }).catch(() => undefined)
      }
      return hearKnock(knock)
    }
    const deceived = join('victim', { showCode: code => (seen = code) }, between)
    const { code } = await whenAsked(controller, 'victim')
    deceived.catch(() => undefined)
    assert.notEqual(code, seen)
    assert.throws(
      () => controller.knocks.approve(seen),
      error => isFault(error, 'NotFound'),
    )
    await assert.rejects(deceived, error => isFault(error, 'NotConfirmed'))
  })

  test('does not get the name of another machine, nor that of the controller', async () => {
    await assert.rejects(join('first'), error => isFault(error, 'Occupied'))
    const metadata = { name: 'taken' }
    await controller.api.client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata }, none)
    const approve = (code: string) => void whenAsked(controller, 'taken').then(() => controller.knocks.approve(code))
    await assert.rejects(join('taken', { showCode: approve }), error => isFault(error, 'Occupied'))
  })
})

async function whenAsked({ knocks }: TestController, name: string) {
  for (let tries = 0; tries < 5_000; tries++) {
    const found = knocks.waiting().find(each => each.name === name)
    if (found !== undefined) return found
    await quietWorld.clock.sleep(1, none)
  }
  return assert.fail(`${name} never asked`)
}
