import { Option } from 'commander'
import { cliFault } from '../../faults.ts'

/** Which lab. */
export interface NamedLab {
  readonly name: string
}

/** The option that says which lab. */
export function labOption(): Option {
  return new Option('--name <lab>', 'the name of the lab').default('lab')
}

/** A whole or broken number above or at 0. Faults: Usage. */
export function numberOf(option: string, word: string): number {
  const value = /^\d+(\.\d+)?$/.test(word) ? Number(word) : Number.NaN
  if (value >= 0) return value
  throw cliFault('Usage', `${option}: "${word}" is no number`, { hint: `Write ${option} 2, for example.` })
}
