import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Surroundings } from '#rpc'
import type { ServiceSurroundings } from './plan.ts'

/** What decides how Cairn is run as a service on the machine whose files are below `root`. */
export function serviceSurroundings(
  { dataFolder, options }: Pick<ServiceSurroundings, 'dataFolder' | 'options'>,
  { env, isRoot, home }: Surroundings,
  root = '/',
): ServiceSurroundings {
  return {
    isRoot,
    user: os.userInfo().username,
    manager: managerBelow(root),
    root,
    configFolder: env['XDG_CONFIG_HOME'] || path.join(home, '.config'),
    program: [process.execPath, ...programWords(process.argv[1] ?? '')],
    dataFolder,
    options,
    settings: Object.fromEntries(KEPT.flatMap(name => (env[name] ? [[name, env[name]]] : []))),
  }
}

// systemd says of itself that it runs (sd_booted(3)), and so does OpenRC.
function managerBelow(root: string): ServiceSurroundings['manager'] {
  if (fs.existsSync(path.join(root, 'run/systemd/system'))) return 'systemd'
  return fs.existsSync(path.join(root, 'run/openrc')) ? 'openrc' : undefined
}

// Started as it is now: a link on PATH may go, the program it leads to is what runs.
function programWords(script: string): readonly string[] {
  return script === '' ? [] : [fs.realpathSync(script)]
}

const KEPT = [
  'CAIRN_LISTEN',
  'CAIRN_PEER_LISTEN',
  'CAIRN_DISCOVERY',
  'CAIRN_MESH',
  'CAIRN_MESH_RANGE',
  'CAIRN_MESH_RESOLV_CONF',
  'CAIRN_ETCD_PORTS',
  'CAIRN_MASTER_KEY',
  'CAIRN_ZONE',
] as const
