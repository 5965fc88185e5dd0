import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import type { Command, Ended, LabHost } from './command.ts'
import { Lab } from './lab.ts'
import { type LabPlan, NODES_LAB, planOf } from './plan.ts'

const PLAN = planOf({ name: 'lx', machines: 2, memory: '512M', cpus: 1, disk: '2G' }, 2)
const NODES: LabPlan = { ...PLAN, name: NODES_LAB, isOnHost: true }
const NEVER = new AbortController().signal

/** A host on which m1 of a lab runs and m2 does not, and what was run on it. */
class FakeHost implements LabHost {
  readonly ran: Command[] = []
  readonly isRoot = true
  readonly isTerminal = false
  readonly processors = 2
  readonly folder = '/labs'
  readonly program = { folder: '/srv', cairn: '/srv/bin/cairn', flip: ['node'], compile: ['node'] } as const
  readonly #lab: string
  readonly #answers: Readonly<Record<string, Partial<Ended>>>
  readonly #files: Readonly<Record<string, readonly string[]>>

  /** `answers`: of commands, by a part of them. */
  constructor(lab: string, answers: Readonly<Record<string, Partial<Ended>>> = {}, files: FakeFiles = {}) {
    this.#lab = lab
    this.#answers = { 'podman ps': { out: `1a cairn-lab-${this.#lab}.m1 71\n` }, ...answers }
    this.#files = files
  }

  async run(command: Command): Promise<Ended> {
    this.ran.push(command)
    const found = Object.entries(this.#answers).find(([part]) => command.join(' ').includes(part))
    return { code: 0, out: '', err: '', ...found?.[1] }
  }

  async attach(command: Command): Promise<number> {
    return (await this.run(command)).code
  }

  list = (folder: string) => this.#files[folder] ?? []
  has = () => true
  marked = () => ['node delay.ts m2-out m2-in 50']
  endMarked = () => 0
  lock = () => undefined
  carryLate = async () => undefined
  sleep = async () => undefined
  readFile = () => undefined
  writeFile = () => undefined
  makeSparse = () => undefined
  remove = () => undefined
}

type FakeFiles = Readonly<Record<string, readonly string[]>>

function given(plan: LabPlan, host = new FakeHost(plan.name)) {
  const lab = new Lab(plan, host)
  return { lab, host, m1: lab.machine('m1'), m2: lab.machine('m2') }
}

const refusal = (code: string, message: string, hint: RegExp) => (error: unknown) =>
  isFault(error, code) && error.message === message && hint.test(error.hint ?? '')

suite('a machine', () => {
  test('that does not run is not killed once more, and nothing is done', async () => {
    const { lab, host, m2 } = given(PLAN)
    const hint = /^Start it: cairn lab start --name lx m2$/
    await assert.rejects(lab.kill(m2, NEVER), refusal('WrongState', 'm2 does not run', hint))
    assert.deepEqual(
      host.ran.map(([program, verb]) => `${program} ${verb}`),
      ['podman ps'],
    )
  })

  test('that runs is killed', async () => {
    const { lab, host, m1 } = given(PLAN)
    await lab.kill(m1, NEVER)
    assert.ok(host.ran.some(command => command.join(' ').endsWith('--ignore cairn-lab-lx.m1')))
  })

  test('of the cloud of the host is refused with the commands that are for it', async () => {
    const { lab, m1, m2 } = given(NODES)
    const stop = refusal('WrongState', 'm1 runs already', /^Stop it first: cairn node stop m1$/)
    await assert.rejects(lab.start(m1, ['up'], NEVER), stop)
    const start = refusal('WrongState', 'm2 does not run', /^Start it: cairn node start m2$/)
    await assert.rejects(lab.kill(m2, NEVER), start)
  })

  test('of a lab that runs is told to be killed first', async () => {
    const { lab, m1 } = given(PLAN)
    const kill = refusal('WrongState', 'm1 runs already', /^Kill it first: cairn lab kill --name lx m1$/)
    await assert.rejects(lab.start(m1, ['up'], NEVER), kill)
  })
})

suite('what is run in a machine', () => {
  test('is refused by its name when there is no such command', async () => {
    const host = new FakeHost('lx', { 'podman exec': { code: 127 } })
    const { lab, m1 } = given(PLAN, host)
    const there = refusal('NoCommand', 'there is no command nope on m1', /cairn lab exec --name lx m1 -- sh$/)
    await assert.rejects(lab.exec(m1, ['nope', '-l'], NEVER), there)
  })

  test('may end as a command does that is not there', async () => {
    const host = new FakeHost('lx', { 'exec "$@"': { code: 127 } })
    const { lab, m1 } = given(PLAN, host)
    assert.equal(await lab.exec(m1, ['sh', '-c', 'exit 127'], NEVER), 127)
    assert.deepEqual(host.ran[1]?.slice(-4), ['sh', 'sh', '-c', 'exit 127'])
  })
})

test('machines are told with what was done to them, whether they run or not', async () => {
  const answers = {
    debugfs: { out: '/2/040755/0/0/./\n/13/100600/0/0/filler/2031616/\n' },
    'link show': { out: '3: m1@if2: <BROADCAST,MULTICAST> mtu 1500\n4: m2@if2: <BROADCAST,UP,LOWER_UP> mtu 1500\n' },
  }
  const files = { '/run/netns': ['cairn-lab-lx'], '/proc/71/root/run/cairn-lab': ['data', 'etc'] }
  const { lab } = given(PLAN, new FakeHost('lx', answers, files))
  const way = { cutTo: [], lossPercent: 0 }
  assert.deepEqual(
    (await lab.inspected(NEVER)).map(({ state, trouble }) => [state, trouble]),
    [
      ['running', { ...way, isCutOff: true, latencyMs: 0, isDiskFull: false }],
      ['stopped', { ...way, isCutOff: false, latencyMs: 100, isDiskFull: true }],
    ],
  )
})
