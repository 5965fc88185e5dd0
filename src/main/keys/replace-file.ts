import fs from 'node:fs'

/** Writes a file of this user only, mode 0600, in the place of the one before: whoever reads sees all of either. */
export function replaceFile(file: string, text: string): void {
  const fresh = `${file}.new`
  fs.rmSync(fresh, { force: true }) // with a mode of its own, perhaps
  // Never through a link that somebody put there meanwhile.
  fs.writeFileSync(fresh, text, { mode: 0o600, flush: true, flag: 'wx' })
  fs.renameSync(fresh, file)
}
