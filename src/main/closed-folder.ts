import { isSystemError } from '#base'
import { mainFault } from './faults.ts'

/**
 * DataFolder with a remedy for an error which says that the data folder, or something in it, is closed to this user or
 * read-only; any other error as it is.
 */
export function closedFolder(dataFolder: string, error: unknown): unknown {
  if (!isClosed(error)) return error
  return mainFault('DataFolder', `the data folder ${dataFolder} cannot be used: ${error.message}`, {
    hint: 'Let this user read and write all in it (see `cairn doctor`), or choose another with --data or CAIRN_DATA.',
    cause: error,
  })
}

const CODES: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS'])

// SQLITE_READONLY and SQLITE_CANTOPEN, https://sqlite.org/rescode.html#readonly
const SQLITE_CODES: ReadonlySet<number> = new Set([8, 14])

function isClosed(error: unknown): error is Error {
  if (isSystemError(error)) return CODES.has(error.code)
  return error instanceof Error && 'errcode' in error && SQLITE_CODES.has(Number(error.errcode) % 256)
}
