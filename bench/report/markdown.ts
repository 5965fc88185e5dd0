import type { Results } from '../results.ts'
import type { Sizes } from '../sizes.ts'
import { type Cells, cellsOf, fsyncLines, LEGEND } from './cells.ts'
import type { Machine } from './machine.ts'

/** What a page about a run tells beside its results. */
export interface Circumstances {
  readonly machine: Machine
  readonly sizes: Sizes
  readonly rounds: number
  readonly command: string
  /** Files and bytes of the real tree. */
  readonly tree: { readonly files: number; readonly bytes: number }
}

/** The whole page docs/benchmarks.md of one run. */
export function pageOf(results: Results, circumstances: Circumstances): string {
  return [
    '# Benchmarks',
    '',
    `One run of \`${circumstances.command}\`; the page is written by it. Figures of other machines differ; ratios differ less.`,
    '',
    ...tableLines(cellsOf(results)),
    '',
    ...LEGEND,
    '',
    ...(results.notes.length === 0 ? [] : ['Left out or failed:', '', ...results.notes.map(note => `- ${note}`), '']),
    '## Machine and versions',
    '',
    ...machineLines(circumstances.machine).map(line => `- ${line}`),
    ...results.participants.map(({ name, title }) => `- ${name}: ${title}`),
    '',
    '## What fsync means',
    '',
    'Counted by the disk itself before the run (bytes written and cache flushes), because a program cannot see it:',
    '',
    ...fsyncLines(results).map(line => `- ${line}`),
    '',
    '## Method',
    '',
    ...methodLines(circumstances).map(line => `- ${line}`),
    '',
  ].join('\n')
}

/** Cells as lines of Markdown. */
export function tableLines({ titles, lines }: Cells): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = titles.map((_, column) => (column > 1 && column < titles.length - 2 ? '--:' : '---'))
  return [line(titles), line(rule), ...lines.map(line)]
}

/** The machine of a run, for people. */
export function machineLines(machine: Machine): readonly string[] {
  return [
    `${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB of memory`,
    `${machine.system}, ${machine.kernel}, ${machine.filesystem} on the one disk, Node ${machine.node}`,
    `commit ${machine.commit === '' ? 'unknown' : machine.commit}, ${machine.date}`,
  ]
}

function methodLines({ sizes, rounds, tree }: Circumstances): readonly string[] {
  const count = (value: number): string => value.toLocaleString('en')
  return [
    'All targets keep their data on the same disk, in folders of one temporary folder, and run at the same time; only one is used at a time. Peers run in a network namespace of their own, all daemons on this machine.',
    `Each scenario runs on one target after the other, then the next round begins: ${rounds} rounds. Long ones (npm, the large folder, snapshots, memory, growth) run once. Before each turn everything is written back (\`sync\`).`,
    'The work is done by a process of its own with plain blocking calls, one after the other, on one thread. Times do not contain its start; those of commands (cp, tar, git, npm, rm, cairn) do.',
    'Cold: everything is written back, the target is ended and started again, serves 300 unrelated files (connections stand, code has run), then the caches of the kernel are dropped.',
    `Large file: ${count(sizes.largeBytes / 2 ** 20)} MiB of random bytes, calls of 1 MiB; ${count(sizes.randomCount)} random blocks of 4 KiB, each synced when written.`,
    `Small files: ${count(sizes.fileCount)} in one folder, ${count(sizes.fileBytes)} different bytes each; ${count(sizes.syncCount)} where each is synced.`,
    `Real tree: ${count(tree.files)} files, ${count(Math.round(tree.bytes / 2 ** 20))} MiB: the packages of this project without files above 256 KiB, in a git repository.`,
    `Large folder: ${count(sizes.listedCount)} names. Growth: ${count(sizes.growthCount)} empty files, a thousand in a folder. Snapshots: ${count(sizes.snapshotCounts[0])} files, then ${count(sizes.snapshotCounts[1])}.`,
    'Processor seconds are those of the program and of all processes that serve the target. Memory is the sum of their PSS.',
  ]
}
