import { availableParallelism, cpus, loadavg } from 'node:os'
import { writeFileSync } from 'node:fs'
import { CHUNKS, CONTROLLERS, REPLICAS } from './clouds.ts'
import { idleRows } from './idle.ts'
import { mapRows } from './maps.ts'
import { processorMs, type Row } from './measured.ts'
import { moveRows, placingRows } from './placing.ts'

const SIZES = [10, 100, 1000]
const IDLE_SIZES = [4, 10, 33, 100, 300]

/** What a cloud of a thousand machines costs, by computing it: prints the page, and writes it where `--markdown` says. */
export async function runScale(words: readonly string[]): Promise<void> {
  const [startMs, startProcessorMs] = [performance.now(), processorMs()]
  const parts = [
    section('The map', MAP, mapRows(SIZES)),
    section('Where chunks belong', PLACING, placingRows(SIZES)),
    section(`What a change of ${SIZES.at(-1)} machines moves`, MOVES, moveRows(SIZES.at(-1) ?? 0)),
    section('Traffic of an idle cloud', IDLE, await idleRows(IDLE_SIZES)),
  ]
  const [took, worked] = [performance.now() - startMs, processorMs() - startProcessorMs]
  const spent = `${(took / 1000).toFixed(0)} s, of which ${(worked / 1000).toFixed(0)} s of processor time,`
  const page = [head(spent), ...parts, GROWTH].join('\n\n')
  console.log(page)
  const at = words.indexOf('--markdown')
  const file = at < 0 ? undefined : words[at + 1]
  if (file !== undefined) writeFileSync(file, `${page}\n`)
}

function head(spent: string): string {
  const processor = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`
  return `# Scale

What a cloud of up to ${SIZES.at(-1)} machines and ${(CHUNKS / 1e6).toFixed(0)} million chunks costs, computed and simulated with the
real code of \`src/cluster\`, \`src/controllers\` and \`src/storage/placement\`. Every figure of this page is printed by

\`\`\`
npm run bench -- scale --markdown docs/scale.md
\`\`\`

which took ${spent} on ${processor}, at a load of ${loadavg()[0]?.toFixed(0)} when it ended, most of it other work.
Times below are processor time, which other work lengthens little. Clouds here have ${CONTROLLERS} controllers, one disk in each machine (250 GB to 2 TB),
ten zones and ${REPLICAS} copies of each chunk, which has at most 1 MiB. Limits: 1,000 machines, 64 disks each.`
}

function section(title: string, text: string, rows: readonly Row[]): string {
  const [first = [], ...rest] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = line(first.map((_, i) => (i === 0 ? '---' : '--:')))
  return [`## ${title}`, '', text, '', line(first), rule, ...rest.map(line)].join('\n')
}

const MAP = `Every machine has the whole map in memory and in \`DATA/node/map.json\`. The leading controller computes it anew when it hears
something; who has an older one fetches what changed since, or all of it when the controller has started since or that is no less. A
change is a machine that is Offline or Online again; figures of it are without the heartbeats that announce it (see below).`
const PLACING = `Where a chunk belongs is computed, not kept; a pool remembers the groups it has asked about until the next map. Of a
comparison only the digests are counted: it takes a call for each machine that shares a group, of some hundred bytes, and in a cloud of
more than 33 machines most of these are not connected yet.`
const MOVES = `Moved by \`movesBetween\`, weighted with the chunks of each group; the least is what shares of disks grow by. Data is
counted as if every chunk had its full 1 MiB. Copies lie in different zones, so disks in small zones hold more than their share,
and a change moves what its disk then holds: it may be a little more or less than the share.`
const IDLE = `The real links (\`Links\`) of all machines on a simulated network that counts bytes, after 30 s, for 20 s; without TLS (22
bytes for each message) and TCP/IP. Up to 33 machines each has a connection to every other one, above to the controllers only.
Comparisons of copies come on top (see above), and so do changes of the map: the last row has one of them with the
heartbeats that announce it.`
const GROWTH = `## What grows with what

- The map, its time, its memory and what is written of it to disks: with machines and disks. What a machine receives of it: with
  changes, which machines make; what controllers send of it: with machines times changes.
- Where all groups belong: with groups times machines. Chunks play no part in either.
- Traffic of an idle machine: with controllers only, once there are more than 33 machines; that of a controller with machines.
- Comparing copies: with the chunks when a storage process has begun, then with the groups that have changed (\`npm run bench -- rooms
  survey\`).
- What a change moves: with the share of the disk that comes or goes, and with the chunks.`
