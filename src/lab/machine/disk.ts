import type { Command, LabProgram } from '../command.ts'

/** Makes an ext4 filesystem in a file; what was in it is gone. */
export function formatDisk(file: string): Command {
  return ['mkfs.ext4', '-q', '-F', '-m', '0', file]
}

/** Makes a block device of the file; prints its name. */
export function attachDisk(file: string): Command {
  return ['losetup', '--find', '--show', file]
}

/** All block devices that are files: `NAME FILE` a line. */
export const LIST_DISKS: Command = ['losetup', '--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE']

/** Takes a block device from its file. */
export function detachDisk(device: string): Command {
  return ['losetup', '-d', device]
}

/** Lists the files at the top of a disk that no machine uses, each between slashes (debugfs(8), `ls -p`). Changes nothing. */
export function filesOnDisk(file: string): Command {
  return ['debugfs', '-c', '-R', 'ls -p /', file]
}

/** Flips bytes of the chunks on a disk that no machine uses. Mount and device are the command's own, and end with it. */
export function flipOnDisk(file: string, program: LabProgram, count: number): Command {
  const script = 'mount -o loop "$1" /mnt && shift && "$@"; code=$?; umount /mnt; exit $code'
  const flip = [...program.flip, `/mnt/data/${SEGMENTS}`, String(count)]
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', file, ...flip]
}

/** Where chunks are in a data folder. */
export const SEGMENTS = 'chunks/segments'
