import type { LabHost } from '../command.ts'

/** Notes whether the folder of named network namespaces is mounted yet: the first namespace does that (ip-netns(8)). */
export function noteNamespaceMount(host: LabHost): void {
  const isMounted = host.readFile('/proc/self/mountinfo')?.includes(` ${FOLDER} `) === true
  if (!isMounted) host.writeFile(noteOf(host), '')
}

/** True when there is a namespace of that name. */
export function isNamespaceThere(host: LabHost, name: string): boolean {
  return host.list(FOLDER).includes(name)
}

/** Unmounts that folder again, when labs were the first to need it and nobody else does now. */
export async function dropNamespaceMount(host: LabHost, signal: AbortSignal): Promise<void> {
  if (host.readFile(noteOf(host)) === undefined) return
  if (host.list(FOLDER).length > 0) return
  await host.run(['umount', FOLDER], signal)
  await host.run(['rmdir', FOLDER], signal)
}

const FOLDER = '/run/netns'

function noteOf({ folder }: LabHost): string {
  return `${folder}/namespaces.made`
}
