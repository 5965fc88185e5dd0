import type { Command } from '../command.ts'

/** Makes an ext4 filesystem in a file; what was in it is gone. */
export function formatDisk(file: string): Command {
  return ['mkfs.ext4', '-q', '-F', '-m', '0', file]
}

/** Makes a block device of the file; prints its name. */
export function attachDisk(file: string): Command {
  return ['losetup', '--find', '--show', file]
}

/** The block devices of a file, one `NAME: …` a line. */
export function disksOf(file: string): Command {
  return ['losetup', '-j', file]
}

/** Takes a block device from its file. */
export function detachDisk(device: string): Command {
  return ['losetup', '-d', device]
}
