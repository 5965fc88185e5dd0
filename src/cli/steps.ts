import type { Context } from './context.ts'
import type { TellStep } from './labs.ts'

/** Shows one step after the other on one line of standard error, while a person watches it. */
export async function withSteps<Result>(
  { terminal }: Context,
  work: (tell: TellStep) => Promise<Result>,
): Promise<Result> {
  const show = (text: string): void => {
    if (terminal.isWatched) terminal.err(`\r${text}\u001b[K`)
  }
  try {
    return await work(step => show(`${step} ...`))
  } finally {
    show('')
  }
}
