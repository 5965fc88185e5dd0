import type { LabHost } from '../command.ts'

/** Writes the settings that Podman is given for labs, beside them. */
export function writeSettings(host: LabHost): void {
  host.writeFile(`${host.folder}/containers.conf`, podmanSettings(host))
}

// containers.conf(5): limits that need no right to raise them, no systemd, no notes of what happened, and of the host's
// names none.
function podmanSettings(host: LabHost): string {
  const limits = host.readFile('/proc/self/limits') ?? ''
  const limit = (name: string, title: string) => {
    const hard = new RegExp(`^${title} +\\S+ +(\\d+)`, 'm').exec(limits)?.[1]
    const value = Math.min(Number(hard ?? LIMIT_MAX), LIMIT_MAX)
    return `"${name}=${value}:${value}"`
  }
  const ulimits = [limit('nofile', 'Max open files'), limit('nproc', 'Max processes')]
  return `[containers]
default_ulimits = [${ulimits.join(', ')}]
base_hosts_file = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
${host.has('runc') ? 'runtime = "runc"\n' : ''}`
}

const LIMIT_MAX = 20_000
