import { execFileSync, fork } from 'node:child_process'
import fs from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Mounted } from './test/mounted.ts'

// What the protocol costs, over a filesystem in memory: `node src/storage/fuse/fuse.bench.ts`. The operations are
// done by a child process, since this one runs the event loop of the test harness.
const MIB = 2 ** 20
const FILE_BYTES = 64 * MIB

if (process.argv[2] === undefined) {
  await using mount = await Mounted.open({ slow: false })
  const child = fork(fileURLToPath(import.meta.url), [mount.target], { stdio: 'inherit' })
  await once(child, 'exit')
  row('idle', `${await idleCpuMs(mount.pid)} ms of CPU in 2 s`)
} else measure(process.argv[2])

function measure(folder: string): void {
  rate(2000, i => fs.existsSync(`${folder}/warm-up-${i}`))
  const create = rate(3000, i => fs.closeSync(fs.openSync(`${folder}/f${i}`, 'w')))
  row('create', `${Math.round(create)} /s`)
  row(
    'stat of an absent name',
    latency(3000, i => fs.existsSync(`${folder}/absent-${i}`)),
  )
  dropCaches()
  row(
    'stat',
    latency(3000, i => fs.statSync(`${folder}/f${i}`)),
  )
  row(
    'open + read 0 + close',
    latency(1000, i => fs.readFileSync(`${folder}/f${i}`)),
  )
  const block = Buffer.alloc(MIB, 7)
  const fd = fs.openSync(`${folder}/big`, 'w')
  // The first pass only makes the server's memory real.
  rate(FILE_BYTES / MIB, i => fs.writeSync(fd, block, 0, MIB, i * MIB))
  const writes = rate(FILE_BYTES / MIB, i => fs.writeSync(fd, block, 0, MIB, i * MIB))
  fs.closeSync(fd)
  row('sequential write', `${Math.round(writes)} MiB/s`)
  dropCaches()
  const reader = fs.openSync(`${folder}/big`, 'r')
  const reads = rate(FILE_BYTES / MIB, i => fs.readSync(reader, block, 0, MIB, i * MIB))
  row('cold sequential read', `${Math.round(reads)} MiB/s`)
  const again = rate(FILE_BYTES / MIB, i => fs.readSync(reader, block, 0, MIB, i * MIB))
  row('cached read', `${Math.round(again)} MiB/s`)
  dropCaches()
  const names = fs.readdirSync(folder, { withFileTypes: true }).length
  dropCaches()
  const list = rate(1, () => {
    for (const name of fs.readdirSync(folder)) fs.statSync(`${folder}/${name}`)
  })
  row('scandir + stat', `${Math.round(list * names)} entries/s`)
  row('unlink', `${Math.round(rate(3000, i => fs.unlinkSync(`${folder}/f${i}`)))} /s`)
}

// Fields 14 and 15 of /proc/PID/stat: time in user and kernel mode, in hundredths of a second.
async function idleCpuMs(pid: number): Promise<number> {
  const used = (): number => {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
    return (Number(fields[13]) + Number(fields[14])) * 10
  }
  const before = used()
  await new Promise(resolve => setTimeout(resolve, 2000))
  return used() - before
}

function rate(count: number, step: (index: number) => void): number {
  const startMs = performance.now()
  for (let index = 0; index < count; index++) step(index)
  return count / ((performance.now() - startMs) / 1000)
}

function latency(count: number, step: (index: number) => void): string {
  return `${(1e6 / rate(count, step)).toFixed(1)} us`
}

function dropCaches(): void {
  if (process.geteuid?.() === 0) execFileSync('sh', ['-c', 'echo 3 > /proc/sys/vm/drop_caches'])
}

function row(name: string, figure: string): void {
  process.stdout.write(`${name.padEnd(24)} ${figure}\n`)
}
