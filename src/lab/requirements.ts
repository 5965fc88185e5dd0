import type { Command, LabHost } from './command.ts'
import { labFault } from './faults.ts'
import { COMMAND_CHARACTERS_TOLD } from './limits.ts'

/** Refuses a machine that labs cannot be made on, and says what it is short of. Faults: Missing. */
export function checkHost(host: LabHost): void {
  if (!host.isRoot) {
    throw labFault('Missing', 'only root can make networks, disks and machines', {
      hint: 'Run it as root: sudo cairn …',
    })
  }
  const missing = PROGRAMS.filter(({ anyOf }) => !anyOf.some(program => host.has(program)))
  if (missing.length === 0) return
  const programs = missing.map(({ anyOf }) => anyOf.join(' or ')).join(', ')
  const packages = [...new Set(missing.map(each => each.debian))].join(' ')
  throw labFault('Missing', `labs need programs that are not there: ${programs}`, {
    hint: `On Debian: sudo apt-get install ${packages}`,
  })
}

/** Programs that labs are made with, and the Debian packages that bring them. */
const PROGRAMS: readonly { readonly anyOf: readonly string[]; readonly debian: string }[] = [
  { anyOf: ['podman'], debian: 'podman' },
  { anyOf: ['runc', 'crun'], debian: 'runc' },
  { anyOf: ['catatonit', '../libexec/podman/catatonit', '../lib/podman/catatonit'], debian: 'catatonit' },
  { anyOf: ['ip'], debian: 'iproute2' },
  { anyOf: ['nft'], debian: 'nftables' },
  { anyOf: ['mkfs.ext4'], debian: 'e2fsprogs' },
  { anyOf: ['losetup'], debian: 'mount' },
]

/** Runs a command to its end; answers what it prints. Faults: Failed, Missing. */
export async function runOn(host: LabHost, command: Command, signal: AbortSignal): Promise<string> {
  const { code, out, err } = await host.run(command, signal)
  if (code === 0) return out
  const said = command.join(' ').slice(0, COMMAND_CHARACTERS_TOLD)
  throw labFault('Failed', `\`${said}\` failed (${code}): ${err.trim().slice(-500)}`)
}
