import type { KubeObject } from '../../object.ts'

/** Set to the name of a Filesystem on it, deleting it deletes its files and snapshots too. */
export const DELETE_FILES = 'cairn.dev/delete-files'

/** True when a Filesystem may be deleted with all that is in it. */
export function mayDeleteFiles({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[DELETE_FILES] === metadata.name
}

/** How one says that. */
export function deletesFiles(name: string): string {
  return (
    `To delete them with it, for good: kubectl annotate filesystem ${name} ${DELETE_FILES}=${name}, then delete it; ` +
    `or: cairn fs rm ${name}`
  )
}
