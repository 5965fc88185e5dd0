/** What decides where a Cairn of this machine keeps its data. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  /** Home folder of the user. */
  readonly home: string
}

/** The data folder: `chosen` (--data), else CAIRN_DATA, else /var/lib/cairn as root, else below the user's data home. */
export function dataFolderOf(chosen: string | undefined, { env, isRoot, home }: Surroundings): string {
  const named = chosen ?? env['CAIRN_DATA']
  if (named !== undefined && named !== '') return named
  if (isRoot) return '/var/lib/cairn'
  const dataHome = env['XDG_DATA_HOME']
  return `${dataHome?.startsWith('/') === true ? dataHome : `${home}/.local/share`}/cairn`
}

/** The file of the master key: CAIRN_MASTER_KEY, else /etc/cairn as root, else below the user's settings; never in the data folder. */
export function masterKeyFileOf({ env, isRoot, home }: Surroundings): string {
  const named = env['CAIRN_MASTER_KEY']
  if (named !== undefined && named !== '') return named
  if (isRoot) return '/etc/cairn/master.key'
  const configHome = env['XDG_CONFIG_HOME']
  return `${configHome?.startsWith('/') === true ? configHome : `${home}/.config`}/cairn/master.key`
}

/** Where the API listens when nobody says otherwise. */
export const DEFAULT_LISTEN = { host: '127.0.0.1', port: 6443 } as const

/** Port on which machines listen for each other. */
export const PEER_PORT = 7443

/** Reads `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; undefined when it is none. */
export function listenAddressOf(
  text: string,
  portElse: number = DEFAULT_LISTEN.port,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-f:]+)\]|([^\s:[\]/]+))(?::([0-9]{1,5}))?$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? portElse : Number(match[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

/** The administrator's kubeconfig of a data folder. */
export function kubeconfigOf(dataFolder: string): string {
  return `${dataFolder}/kubeconfig`
}

/** The local door of the control process: a unix socket. */
export function controlDoorOf(dataFolder: string): string {
  return `${dataFolder}/control.sock`
}

/** Where the filesystem `home` is mounted when nobody says otherwise: at the first of these that can be mounted at. */
export function defaultMountsOf({ isRoot, home }: Surroundings): readonly [string, ...string[]] {
  return isRoot ? ['/mnt/cairn'] : [`${home}/cairn`, `${home}/cairn-files`]
}

/** The local door of a data folder: a unix socket. */
export function doorOf(dataFolder: string): string {
  return `${dataFolder}/cairn.sock`
}

/** Where the running supervisor says who it is: `PID START`, START in the kernel's ticks since boot. */
export function pidFileOf(dataFolder: string): string {
  return `${dataFolder}/cairn.pid`
}

/** Who a process is, beyond its reused id: when it started, field 22 of /proc/PID/stat (proc_pid_stat(5)). */
export function startTicksOf(stat: string): number {
  const behindName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(behindName[19])
}

/** The layout of the data folder that this version reads and writes. */
export const DATA_VERSION = 1

/** Where a data folder says its layout; written last when it is made. */
export function versionFileOf(dataFolder: string): string {
  return `${dataFolder}/version`
}

/** What a version file says; undefined when it is no text of any version. */
export function dataVersionOf(text: string): number | undefined {
  const match = /^cairn-data ([1-9][0-9]{0,8})\n$/.exec(text)
  return match === null ? undefined : Number(match[1])
}
