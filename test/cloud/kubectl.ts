import { accessSync, constants } from 'node:fs'

/** Where kubectl is: on PATH, or where the Google Cloud SDK puts it; undefined when it is not installed. */
export function findKubectl(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/lib/google-cloud-sdk/bin']
  return folders.map(folder => `${folder}/kubectl`).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
