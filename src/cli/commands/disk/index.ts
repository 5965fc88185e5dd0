import type { Command } from 'commander'
import type { Run } from '../../run.ts'
import { declareDiskAdd } from './add.ts'
import { declareDiskDrain } from './drain.ts'
import { declareDiskLs } from './ls.ts'
import { declareDiskRemove } from './remove.ts'

/** `cairn disk` */
export function declareDisk(program: Command, run: Run): void {
  const disk = program.command('disk').description('look after the disks of the cloud').helpCommand(false)
  declareDiskLs(disk, run)
  declareDiskAdd(disk, run)
  declareDiskDrain(disk, run)
  declareDiskRemove(disk, run)
}
