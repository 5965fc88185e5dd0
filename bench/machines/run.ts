import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { LEGEND, cellsOf, rowsForPrograms } from '../report/cells.ts'
import { describeMachine } from '../report/machine.ts'
import { machineLines, tableLines } from '../report/markdown.ts'
import { alignedCells } from '../report/table.ts'
import { Collection } from '../results.ts'
import { makeSeed } from '../seed.ts'
import { ALONE, measureAlone } from './alone.ts'
import { LabMachines } from './lab-machines.ts'
import type { LabTarget } from './lab-target.ts'
import { measureRepair, REPAIR } from './repair.ts'
import { LAB_FULL, LAB_QUICK, labScenarios, type LabSizes, WARM_BYTES } from './scenarios.ts'
import { labTargets } from './targets.ts'

const TREE_FILES = { full: 2000, quick: 200 }
/** The root of a machine of the lab is the root of this one, but for /tmp. */
const SEEN_BY_ALL = '/var/tmp'

/** Measures filesystems of several machines, in a lab of three: Cairn beside GlusterFS and MooseFS, all with two copies. */
export async function runMachines(words: readonly string[], signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      targets: { type: 'string', default: labTargets.map(({ name }) => name).join(',') },
      rows: { type: 'string', default: [...labScenarios.map(({ name }) => name), 'repair', 'alone'].join(',') },
      output: { type: 'string', short: 'o', default: 'table' },
      markdown: { type: 'string' },
    },
  })
  const home = mkdtempSync(join(SEEN_BY_ALL, 'cairn-bench-'))
  try {
    const results = await measure(home, values, signal)
    const text = values.output === 'json' ? JSON.stringify(rowsForPrograms(results), undefined, 2) : tableOf(results)
    console.log(text)
    if (values.markdown !== undefined) writeFileSync(values.markdown, page(results, words))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

interface Wanted {
  readonly quick: boolean
  readonly rounds: string
  readonly targets: string
  readonly rows: string
}

async function measure(home: string, wanted: Wanted, signal: AbortSignal): Promise<Collection> {
  const say = (text: string): void => console.error(`bench: ${text}`)
  const collection = new Collection()
  const sizes = wanted.quick ? LAB_QUICK : LAB_FULL
  const { tar } = await makeSeed(home, wanted.quick ? TREE_FILES.quick : TREE_FILES.full, signal)
  say('starting three machines')
  await using lab = await LabMachines.open(signal)
  if (!wanted.quick) await lab.settle()
  const targets: LabTarget[] = []
  for (const kind of labTargets.filter(({ name }) => wanted.targets.split(',').includes(name))) {
    const reason = kind.whyNot()
    if (reason !== undefined) {
      collection.notes.push(`${kind.name} is left out: ${reason}.`)
      continue
    }
    say(`starting ${kind.name}`)
    const target = await kind.open(lab)
    targets.push(target)
    collection.participants.push({ name: target.name, title: target.title, fsync: undefined })
  }
  for (const scenario of labScenarios.filter(({ name }) => wanted.rows.split(',').includes(name))) {
    collection.rows.push(...scenario.rows)
    for (let round = 1; round <= Number(wanted.rounds); round++) {
      for (const target of targets) {
        say(`${scenario.name}: round ${round} of ${wanted.rounds}, ${target.name}`)
        const folder = `${target.folder}/${scenario.name}-${round}`
        await lab.on('m1', ['mkdir', folder])
        await lab.chill()
        const record = (rowId: string, value: number | undefined): void => {
          if (value !== undefined && Number.isFinite(value)) collection.add(rowId, target.name, value)
        }
        await noting(collection, `${scenario.name} on ${target.name}`, signal, async () => {
          await scenario.run({ lab, target, folder, sizes, tar, record })
          await lab.on('m1', ['rm', '-rf', folder])
        })
      }
    }
  }
  await measureLast({ lab, targets, sizes, collection, rows: wanted.rows.split(','), say }, signal)
  return collection
}

interface Last {
  readonly lab: LabMachines
  readonly targets: readonly LabTarget[]
  readonly sizes: LabSizes
  readonly collection: Collection
  readonly rows: readonly string[]
  readonly say: (text: string) => void
}

// What is lost of Cairn, the second machine loses with all it has of the others: they come first, and are ended then.
async function measureLast({ lab, targets, sizes, collection, rows, say }: Last, signal: AbortSignal): Promise<void> {
  const cairn = targets.filter(({ name }) => name === 'cairn')
  const repair = async (targets: readonly LabTarget[]): Promise<void> => {
    for (const target of rows.includes('repair') ? targets : []) {
      say(`repair: ${target.name}`)
      await noting(collection, `repair on ${target.name}`, signal, async () => {
        const rate = await measureRepair(lab, target, sizes)
        if (rate !== undefined) collection.add(REPAIR.id, target.name, rate)
      })
    }
  }
  if (rows.includes('repair')) collection.rows.push(REPAIR)
  await repair(targets.filter(target => !cairn.includes(target)))
  for (const target of targets) await target.end?.()
  if (rows.includes('alone') && cairn.length > 0) {
    say('cairn alone: idle')
    collection.rows.push(...ALONE)
    const record = (rowId: string, value: number): void => collection.add(rowId, 'cairn', value)
    await noting(collection, 'cairn alone', signal, () => measureAlone(lab, record, signal))
  }
  await repair(cairn)
}

// What fails is noted; the others go on.
async function noting(
  { notes }: Collection,
  what: string,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step()
  } catch (error) {
    signal.throwIfAborted()
    notes.push(`${what} failed: ${(error instanceof Error ? error.message : String(error)).slice(0, 400)}`)
  }
}

function tableOf(results: Collection): string {
  const titles = results.participants.map(({ name, title }) => `${name}: ${title}`)
  return [...alignedCells(cellsOf(results)), '', ...LEGEND, '', ...titles, ...results.notes, ''].join('\n')
}

function page(results: Collection, words: readonly string[]): string {
  return [
    '# Many machines, measured',
    '',
    `One run of \`npm run bench -- machines ${words.join(' ')}\`; the page is written by it.`,
    '',
    ...tableLines(cellsOf(results)),
    '',
    ...LEGEND,
    '',
    'Three machines of a lab on this one: network namespaces, and an ext4 disk image of each on the one disk. All have two copies, on',
    'the first and the second machine; "elsewhere" is the third, which has none. They share two cores: who computes less has more.',
    '"processors" is what all programs and the kernel together worked in the row, with the start of the program that does it.',
    'Nothing is measured before each machine has written the ballast that a new disk begins with, two minutes after its start.',
    `Before its large file each target writes and reads ${WARM_BYTES >> 20} MiB that do not count, in the same way.`,
    '',
    ...machineLines(describeMachine(SEEN_BY_ALL)).map(line => `- ${line}`),
    ...results.participants.map(({ name, title }) => `- ${name}: ${title}`),
    ...results.notes.map(note => `- ${note}`),
    '',
  ].join('\n')
}
