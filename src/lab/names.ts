import type { LabMachine } from './plan.ts'

/** What begins the names of everything that labs make on a machine. */
export const PREFIX = 'cairn-lab'

/** In the environment of every process that a lab starts on this machine, with the lab's name. */
export const MARK = 'CAIRN_LAB'

/** Marks the containers of labs, with the lab's name. */
export const LABEL = 'dev.cairn.lab'

/** The host's end of a network that the host itself is on. */
export const UPLINK = 'cairn-nodes'

/** The names of what a lab makes: all follow from its own, so that they are found again without a note of them. */
export class LabNames {
  readonly lab: string
  /** The namespace of the network that machines share. */
  readonly network: string

  constructor(lab: string) {
    this.lab = lab
    this.network = `${PREFIX}-${lab}`
  }

  /** A machine's own network namespace. */
  machine({ name }: LabMachine): string {
    return `${this.network}.${name}`
  }

  /** The namespace of the NAT before a machine. */
  nat({ name }: LabMachine): string {
    return `${this.network}.${name}.nat`
  }

  /** A machine's container. */
  container({ name }: LabMachine): string {
    return `${this.network}.${name}`
  }

  /** A machine's end on the shared network: interfaces have 15 characters. */
  port({ number }: LabMachine): string {
    return `m${number}`
  }

  /** True for the namespaces of this lab: no name of a lab or machine has a dot. */
  isNamespace(name: string): boolean {
    return name === this.network || name.startsWith(`${this.network}.`)
  }
}
