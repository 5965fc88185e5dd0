import type { Command } from 'commander'
import { type ByteString, byteStringOfText, isFault, textOf } from '#base'
import { fileMake, fileStat, filesystemSync, type Place } from '#rpc'
import { cloudPlace, lastName, placeBelow, showPlace } from '../cloud-path.ts'
import { type Context, dataFolder, show } from '../context.ts'
import { LastingDoor } from '../lasting-door.ts'
import { cliFault } from '../faults.ts'
import { examples, RESUMES } from '../help.ts'
import { type LocalFile, localStat } from '../local/files.ts'
import { type OwnPlace, OwnPlaces, realPlace } from '../local/own-places.ts'
import { absoluteLocal } from '../local/paths.ts'
import type { Run } from '../run.ts'
import { countLocal } from '../transfer/local-tree.ts'
import { showProgress } from '../transfer/progress.ts'
import { putTree } from '../transfer/put.ts'
import { Tally, tellNotes } from '../transfer/tally.ts'

/** `cairn put` */
export function declarePut(program: Command, run: Run): void {
  program
    .command('put')
    .description(
      'copy local files and directories into a filesystem: verified, and durable when the command ends with 0',
    )
    .argument('<path...>', 'local files or directories, then where to put them')
    .option('--compare', 'compare files that are there already by content, not only by size and time')
    .addHelpText('after', PUT_HELP)
    .action((paths: readonly string[], options: { compare?: boolean }) =>
      run(context => put(context, paths, options.compare === true), RESUMES),
    )
}

const PUT_HELP = `
The last path is the destination: /path in the filesystem home, or NAME:/path.
It is the new name of the source; when it ends with / or there are several
sources, they go into it under their own names. Sockets and devices are left
out, and so are mounts of Cairn and its data folder. Extended attributes and
ACLs are not put: cp -a into the mount keeps them.

A second run skips files that are there with the same size and time, and goes on
with a large file where the first run stopped.
${examples('cairn put ~/Documents /', 'cairn put notes.txt /notes-2024.txt', 'cairn put a.jpg b.jpg photos:/2024/')}`

async function put(context: Context, paths: readonly string[], compare: boolean): Promise<void> {
  const { sources, destination } = splitPaths(paths)
  const target = cloudPlace(destination)
  const isInto = sources.length > 1 || target.path.endsWith('/')
  const own = await OwnPlaces.find(dataFolder(context))
  const files = await Promise.all(sources.map(word => localSource(word, own)))
  const tally = new Tally()
  await using door = new LastingDoor(context)
  {
    await using _progress = showProgress(context, tally)
    void count(files, tally, context)
    if (isInto) await makeTarget(door, target, context.signal)
    for (const { file, ownAt } of files) {
      const place = await targetOf(door, file, target, { isInto, signal: context.signal })
      if (compare) tally.sameness = 'content'
      const leavesOut = (path: ByteString): boolean => {
        const found = ownAt(path)
        if (found !== undefined) tally.note(`${textOf(path)}: ${found} is left out`)
        return found !== undefined
      }
      await putTree({ context, door, tally, keepOwner: context.around.isRoot, compare, leavesOut }, file, place)
    }
    await door.run(client => client.call(filesystemSync, { filesystem: target.filesystem }, context.signal))
  }
  tellNotes(context, tally)
  tally.throwFailures()
  const value = { files: tally.files, skipped: tally.skipped, bytes: tally.bytes, destination: showPlace(target) }
  show(context, value, () => `${tally.summary('Put')} and durable\n`)
}

/** Splits the words of put and get into sources and destination. Faults: Usage. */
export function splitPaths(paths: readonly string[]): { sources: readonly string[]; destination: string } {
  const destination = paths.at(-1)
  if (destination !== undefined && paths.length > 1) return { sources: paths.slice(0, -1), destination }
  throw cliFault('Usage', 'a source and a destination are needed', { hint: 'See `cairn put --help`.' })
}

interface Source {
  readonly file: LocalFile
  /** What of Cairn itself begins at a path below the file's. */
  readonly ownAt: (path: ByteString) => OwnPlace | undefined
}

async function localSource(word: string, own: OwnPlaces): Promise<Source> {
  const file = await localStat(byteStringOfText(absoluteLocal(word)))
  if (file === undefined) {
    throw cliFault('Local', `${word} is not there`, {
      hint: 'Name a local file or directory; the last path is the destination.',
    })
  }
  const real = await realPlace(file.path)
  const around = own.around(real)
  if (around !== undefined) throw cliFault('Local', `${word} is in ${around}`, { hint: OWN_HINTS[around] })
  return { file, ownAt: path => own.at(real + path.slice(file.path.length)) }
}

const OWN_HINTS: Readonly<Record<OwnPlace, string>> = {
  'a mount of Cairn': 'Copy it with `cp -a` to where you want it in the mount.',
  'the data folder of Cairn': 'What is in it is in Cairn already. To keep a copy of it, end Cairn and use `cp -a`.',
}

// As `get` does here: the directory that sources go into is made, the ones around it are not.
async function makeTarget(door: LastingDoor, place: Place, signal: AbortSignal): Promise<void> {
  await door.run(client => client.call(fileMake, { place: withoutSlash(place), kind: 'directory' }, signal))
}

function withoutSlash(place: Place): Place {
  return { ...place, path: place.path.replace(/(?<=.)\/+$/, '') }
}

// A file that is put onto a directory goes into it, as cp does; directories merge.
async function targetOf(
  door: LastingDoor,
  file: LocalFile,
  target: Place,
  { isInto, signal }: { readonly isInto: boolean; readonly signal: AbortSignal },
): Promise<Place> {
  const trimmed = withoutSlash(target)
  const inside = placeBelow(trimmed, lastName(file.path))
  if (isInto) return inside
  if (file.kind === 'directory') return trimmed
  try {
    const there = await door.run(client => client.call(fileStat, { place: trimmed, follow: true }, signal))
    return there.kind === 'directory' ? inside : trimmed
  } catch (error) {
    if (isFault(error, 'NotFound')) return trimmed
    throw error
  }
}

// Counts beside the transfer what there is to do; only a person who watches wants to know.
async function count(files: readonly Source[], tally: Tally, { terminal, signal }: Context): Promise<void> {
  if (!terminal.isWatched) return
  const fails = () => undefined // the transfer meets the same fault and tells it
  try {
    const counts = await Promise.all(
      files.map(({ file, ownAt }) => countLocal(file, { signal, fails, leavesOut: path => ownAt(path) !== undefined })),
    )
    tally.total = counts.reduce((a, b) => ({ files: a.files + b.files, bytes: a.bytes + b.bytes }), {
      files: 0,
      bytes: 0,
    })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
