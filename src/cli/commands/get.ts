import type { Command } from 'commander'
import { byteStringOfText, type ByteString } from '#base'
import { type FileRow, fileStat, nodeStatus, type Place } from '#rpc'
import { cloudPlace, lastName, showPlace } from '../cloud-path.ts'
import { type Context, dataFolder, show } from '../context.ts'
import { LastingDoor } from '../lasting-door.ts'
import { cliFault } from '../faults.ts'
import { examples, RESUMES } from '../help.ts'
import { localStat } from '../local/files.ts'
import { OwnPlaces, realPlace } from '../local/own-places.ts'
import { absoluteLocal, namesDirectory } from '../local/paths.ts'
import { makeLocalDirectory, syncLocalDisk } from '../local/writing.ts'
import type { Run } from '../run.ts'
import { getTree } from '../transfer/get.ts'
import { showProgress } from '../transfer/progress.ts'
import { Tally, tellNotes } from '../transfer/tally.ts'
import { splitPaths } from './put.ts'

/** `cairn get` */
export function declareGet(program: Command, run: Run): void {
  program
    .command('get')
    .description('copy files and directories of a filesystem to this machine, verified')
    .argument('<path...>', '/path or NAME:/path, one or more, then the local destination')
    .addHelpText('after', GET_HELP)
    .action((paths: readonly string[]) => run(context => get(context, paths), RESUMES))
}

const GET_HELP = `
The destination is the new name of the source; when it ends with /, is . or
there are several sources, they go into it under their own names. Files and
symlinks in the way are replaced; devices, sockets and fifos are not. Extended
attributes and ACLs are not got: cp -a out of the mount keeps them.

A second run skips files that are there with the same size and time, and goes on
with a file where the first run stopped.
${examples('cairn get /Documents ~/restored', 'cairn get photos:/2024/a.jpg .')}`

interface Source {
  readonly place: Place
  readonly row: FileRow
}

async function get(context: Context, paths: readonly string[]): Promise<void> {
  const { sources, destination } = splitPaths(paths)
  const places = sources.map(cloudPlace)
  const tally = new Tally()
  await using door = new LastingDoor(context)
  const found: Source[] = []
  for (const place of places) {
    const row = await door.run(client => client.call(fileStat, { place, follow: true }, context.signal))
    found.push({ place, row })
  }
  const target = byteStringOfText(absoluteLocal(destination))
  await refuseOwn(context, door, { target, destination, places })
  {
    await using _progress = showProgress(context, tally)
    const isInto = found.length > 1 || namesDirectory(destination)
    if (isInto) await makeLocalDirectory(target)
    for (const source of found) {
      const options = { context, door, tally, keepOwner: context.around.isRoot }
      await getTree(options, source.row, source.place, await localTarget(source, target, isInto))
    }
    tellNotes(context, tally)
    tally.throwFailures()
    const isDirectory = (await localStat(target))?.kind === 'directory'
    await syncLocalDisk(isDirectory ? target : target.slice(0, target.lastIndexOf('/')) || '/')
  }
  const value = { files: tally.files, skipped: tally.skipped, bytes: tally.bytes, destination }
  show(context, value, () => `${tally.summary('Got')} and durable\n`)
}

interface Wanted {
  readonly target: ByteString
  /** The target as it was written. */
  readonly destination: string
  readonly places: readonly Place[]
}

// A get into what it gets would find its own files, and go on without an end.
async function refuseOwn(context: Context, door: LastingDoor, { target, destination, places }: Wanted): Promise<void> {
  const real = await realPlace(target)
  const { mounts } = await door.run(client => client.call(nodeStatus, undefined, context.signal))
  const own = mounts.filter(mount => places.some(({ filesystem }) => filesystem === mount.filesystem))
  const paths = own.map(mount => byteStringOfText(mount.path))
  const around = (await OwnPlaces.find(dataFolder(context), paths)).around(real)
  if (around === undefined) return
  throw cliFault('Local', `${destination} is in ${around}`, {
    hint: 'Choose a destination outside; within a mount, copy with `cp -a`.',
  })
}

async function localTarget({ place, row }: Source, target: ByteString, isInto: boolean): Promise<ByteString> {
  const there = await localStat(target)
  const intoFolder = isInto || (row.kind !== 'directory' && there?.kind === 'directory')
  if (!intoFolder) return target
  const name = lastName(place.path)
  if (name !== '') return `${target === '/' ? '' : target}/${name}`
  if (row.kind === 'directory') return target
  throw cliFault('Usage', `${showPlace(place)} has no name to keep`)
}
