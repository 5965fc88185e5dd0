import type { LabHost } from './command.ts'
import type { LabMachine, LabPlan } from './plan.ts'

/** The files of one lab. */
export class LabFiles {
  readonly folder: string
  readonly #host: LabHost

  constructor(lab: string, host: LabHost) {
    this.folder = `${host.folder}/${lab}`
    this.#host = host
  }

  /** The filesystem that is a machine's disk. */
  disk({ name }: LabMachine): string {
    return `${this.folder}/${name}.img`
  }

  /** Undefined: there is no such lab, or it was being made when it was cut off. */
  readPlan(): LabPlan | undefined {
    const text = this.#host.readFile(`${this.folder}/lab.json`)
    return text === undefined ? undefined : (JSON.parse(text) as LabPlan)
  }

  writePlan(plan: LabPlan): void {
    this.#host.writeFile(`${this.folder}/lab.json`, `${JSON.stringify(plan, undefined, 2)}\n`)
  }

  /** True until a machine has begun to use its disk. */
  isFresh(machine: LabMachine): boolean {
    return this.#host.readFile(this.#fresh(machine)) !== undefined
  }

  setFresh(machine: LabMachine): void {
    this.#host.writeFile(this.#fresh(machine), '')
  }

  setUsed(machine: LabMachine): void {
    this.#host.remove(this.#fresh(machine))
  }

  #fresh({ name }: LabMachine): string {
    return `${this.folder}/${name}.fresh`
  }
}

/** The names of all labs there are, also of those that were cut off while they were made. */
export function labNames(host: LabHost): string[] {
  return host
    .list(host.folder)
    .filter(name => /^[a-z][a-z0-9-]*$/.test(name))
    .sort()
}
