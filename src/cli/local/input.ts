import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** Asks a person for a line, or reads all of standard input when no person is there. Aborted by the signal. */
export async function askForText(question: string, signal: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
      lines.on('close', () => resolve(''))
      lines.question(question, resolve)
    })
  } finally {
    lines.close()
  }
}

/** Asks a person for a line; undefined when no person is there, as nothing else may say yes in his place. */
export async function askPerson(question: string, signal: AbortSignal): Promise<string | undefined> {
  return process.stdin.isTTY === true ? askForText(question, signal) : undefined
}
