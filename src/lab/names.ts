import type { LabMachine } from './plan.ts'

/** What begins the names of everything that labs make on a machine. */
export const PREFIX = 'cairn-lab'

/** The names of what a lab makes: all follow from its own, so that they are found again without a note of them. */
export class LabNames {
  /** The namespace of the network that machines share. */
  readonly network: string

  constructor(lab: string) {
    this.network = `${PREFIX}-${lab}`
  }

  /** A machine's own network namespace. */
  machine({ name }: LabMachine): string {
    return `${this.network}-${name}`
  }

  /** The namespace of the NAT before a machine. */
  nat({ name }: LabMachine): string {
    return `${this.network}-${name}-nat`
  }

  /** A machine's container. */
  container({ name }: LabMachine): string {
    return `${this.network}-${name}`
  }

  /** A machine's end on the shared network: interfaces have 15 characters. */
  port({ name }: LabMachine): string {
    return name
  }
}
