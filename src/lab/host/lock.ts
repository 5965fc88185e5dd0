import fs from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Takes a lock that ends with this process at the latest; undefined when another process has it. */
export function takeLock(file: string): Disposable | undefined {
  fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // SQLite's exclusive lock is one of the kernel, which needs no native code.
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = memory; PRAGMA synchronous = off; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && error.message.includes('locked')) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
