import { doorOf } from '#rpc'

/** What is told when everything runs. */
export interface Running {
  readonly version: string
  readonly dataFolder: string
  readonly mounts: readonly { readonly filesystem: string; readonly path: string }[]
  /** Why there is no mount, when one was wanted. */
  readonly mountFault: { readonly message: string; readonly hint?: string | undefined } | undefined
}

/** The lines `cairn up` prints: where things are and what to try. */
export function banner(running: Running): string {
  const mounts = running.mounts.map(mount => `  mount        ${mount.path}  (filesystem ${mount.filesystem})`)
  const home = running.mounts.find(mount => mount.filesystem === 'home')?.path
  const lines = [
    `Cairn ${running.version} is running.`,
    '',
    `  data         ${running.dataFolder}`,
    ...mounts,
    ...missing(running),
    `  door         ${doorOf(running.dataFolder)}`,
    '',
    'Try, in another terminal:',
    ...(home === undefined ? [] : [`  cp -a ~/Documents ${home}/`]),
    '  cairn put ~/Documents /',
    '  cairn ls -l /',
    '  cairn status',
    '',
    'Ctrl-C or `cairn down` ends it cleanly.',
    '',
  ]
  return lines.join('\n')
}

function missing({ mountFault }: Running): readonly string[] {
  if (mountFault === undefined) return []
  const why = `  mount        none: ${mountFault.message}`
  const hint = mountFault.hint === undefined ? [] : [`               ${mountFault.hint}`]
  return [why, ...hint, '               `cairn put`, `get`, `ls` and `rm` work without it.']
}
