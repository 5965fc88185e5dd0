import type { Target } from '../targets/target.ts'
import type { LabMachines, MachineName } from './lab-machines.ts'

/** A filesystem that all machines of the lab share, or the disk of one. */
export interface LabTarget {
  readonly name: Target['name']
  readonly title: string
  /** Where programs work, on each machine that has it. */
  readonly folder: string
  readonly machines: readonly MachineName[]
  /** Has an fsync keep a new file's name too, as that of the others does; undefined: it does already. */
  keepNames?(isOn: boolean): Promise<void>
  /** What the second machine keeps of it, and how it loses that and comes back with nothing; undefined: nothing. */
  readonly copies?: { readonly folder: string; lose(): Promise<void> }
  /** Ends its programs on all machines: they talk, also when nobody asks anything of them. */
  end?(): Promise<void>
}

/** A kind of target of the lab: whether it can run here, and how it is started. It ends with the lab. */
export interface LabTargetKind {
  readonly name: Target['name']
  /** Why it cannot run here; undefined when it can. */
  whyNot(): string | undefined
  open(lab: LabMachines): Promise<LabTarget>
}
