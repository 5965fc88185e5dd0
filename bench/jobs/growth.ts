import { closeSync, mkdirSync, openSync } from 'node:fs'
import { type Figures, type JobInput, timed } from './job.ts'

const PER_FOLDER = 1000
const PARTS = 10

/** Makes `count` empty files, a thousand in a folder; the rate of the first and of the last tenth. */
export function growTree({ path, count = 0 }: JobInput): Figures {
  mkdirSync(path)
  const part = Math.floor(count / PARTS)
  const rates = Array.from({ length: PARTS }, (_, number) => {
    const { rate } = timed(part, () => createFrom(path, number * part, part))
    return rate ?? Number.NaN
  })
  const [first = Number.NaN, last = Number.NaN] = [rates[0], rates.at(-1)]
  return { first, last, ratio: last / first }
}

function createFrom(path: string, from: number, count: number): void {
  for (let index = from; index < from + count; index++) {
    const folder = `${path}/${Math.floor(index / PER_FOLDER)}`
    if (index % PER_FOLDER === 0 || index === from) mkdirSync(folder, { recursive: true })
    closeSync(openSync(`${folder}/file-${index}`, 'w'))
  }
}
