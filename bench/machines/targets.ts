import { setTimeout as delay } from 'node:timers/promises'
import { programFile } from '../targets/program.ts'
import { ADDRESSES, DISK, type LabMachines, type MachineName } from './lab-machines.ts'
import type { LabTargetKind } from './lab-target.ts'

const HOLDERS: readonly MachineName[] = ['m1', 'm2']
const TRIES = 60
const TRY_PAUSE_MS = 500

/** The ext4 filesystem of the first machine: one copy, no network. */
const disk: LabTargetKind = {
  name: 'disk',
  whyNot: () => undefined,
  async open(lab) {
    const folder = `${DISK}/bench-disk`
    await lab.on('m1', ['mkdir', folder])
    return {
      name: 'disk',
      title: 'ext4 on the disk of the first machine: one copy, no network',
      folder,
      machines: ['m1'],
    }
  },
}

/** Cairn with its copies on the first two machines; the third has none. */
const cairn: LabTargetKind = {
  name: 'cairn',
  whyNot: () => undefined,
  async open(lab) {
    await lab.on('m1', ['cairn', 'node', 'drain', 'm3'])
    const folder = '/mnt/cairn/bench'
    await lab.on('m1', ['mkdir', folder])
    await until(() => lab.on('m3', ['stat', folder]))
    const title = 'Cairn, two copies; the first machine is the home'
    const copies = { folder: `${DISK}/chunks`, lose: () => lab.wipe('m2') }
    return { name: 'cairn', title, folder, machines: ['m1', 'm3'], copies }
  },
}

/** GlusterFS, `replica 2` on the first two machines. */
const glusterfs: LabTargetKind = {
  name: 'glusterfs',
  whyNot: () =>
    programFile('glusterd') === undefined ? 'not installed: sudo apt-get install glusterfs-server' : undefined,
  async open(lab) {
    for (const machine of HOLDERS) {
      await lab.sh(machine, `mkdir -p ${DISK}/brick; rm -rf /var/lib/glusterd/*; glusterd`)
    }
    await until(() => lab.on('m1', ['gluster', 'peer', 'probe', ADDRESSES.m2]))
    const bricks = HOLDERS.map(machine => `${ADDRESSES[machine]}:${DISK}/brick`)
    const create = ['gluster', '--mode=script', 'volume', 'create', 'bench', 'replica', '2', ...bricks, 'force']
    await until(() => lab.on('m1', create))
    await lab.on('m1', ['gluster', 'volume', 'start', 'bench'])
    const folder = '/srv/gluster'
    for (const machine of ['m1', 'm3'] as const) {
      const client = `glusterfs --volfile-server=${ADDRESSES.m1} --volfile-id=bench ${folder}`
      await lab.sh(machine, `mkdir -p ${folder}; ${client}`)
      await until(() => lab.sh(machine, `mountpoint ${folder} && touch ${folder}/.probe`))
    }
    const version = (await lab.on('m1', ['glusterfs', '--version'])).split('\n')[0] ?? ''
    const end = (): Promise<void> => endPrograms(lab, folder, 'gluster')
    const brick = `${ADDRESSES.m2}:${DISK}/brick`
    const reset = ['gluster', '--mode=script', 'volume', 'reset-brick', 'bench', brick]
    const copies = {
      folder: `${DISK}/brick`,
      async lose() {
        await lab.on('m1', [...reset, 'start'])
        await lab.sh('m2', `rm -rf ${DISK}/brick`)
        await until(() => lab.on('m1', [...reset, brick, 'commit', 'force']))
      },
    }
    return { name: 'glusterfs', title: `${version}, replica 2`, folder, machines: ['m1', 'm3'], copies, end }
  },
}

/** MooseFS with goal 2: the master and a chunkserver on the first machine, a chunkserver on the second. */
const moosefs: LabTargetKind = {
  name: 'moosefs',
  whyNot() {
    const missing = ['mfsmaster', 'mfschunkserver', 'mfsmount'].some(name => programFile(name) === undefined)
    return missing ? 'not installed: sudo apt-get install moosefs-master moosefs-chunkserver moosefs-client' : undefined
  },
  async open(lab) {
    const [own, user] = [`${DISK}/mfs`, 'WORKING_USER = root\nWORKING_GROUP = root']
    const write = (file: string, text: string) => `cat > ${own}/${file} <<'END'\n${text}\nEND\n`
    // It would wait an hour for a machine that is gone, and five minutes after its own start.
    const soon = 'OPERATIONS_DELAY_INIT = 0\nOPERATIONS_DELAY_DISCONNECT = 0'
    const master = `${user}\n${soon}\nDATA_PATH = ${own}/master\nEXPORTS_FILENAME = ${own}/exports.cfg\nTOPOLOGY_FILENAME = ${own}/topology.cfg\nLOCK_MEMORY = 0`
    await lab.sh(
      'm1',
      `mkdir -p ${own}/master; cp /var/lib/mfs/metadata.mfs.empty ${own}/master/metadata.mfs; touch ${own}/topology.cfg\n${write(
        'exports.cfg',
        '* / rw,alldirs,admin,maproot=0:0',
      )}${write('master.cfg', master)}mfsmaster -c ${own}/master.cfg start`,
    )
    for (const machine of HOLDERS) {
      const chunks = `${user}\nDATA_PATH = ${own}/chunk\nHDD_CONF_FILENAME = ${own}/hdd.cfg\nHDD_LEAVE_SPACE_DEFAULT = 1MiB\nMASTER_HOST = ${ADDRESSES.m1}\nBIND_HOST = ${ADDRESSES[machine]}\nHDD_FSYNC_BEFORE_CLOSE = 1`
      await lab.sh(
        machine,
        `mkdir -p ${own}/chunk ${own}/hdd\n${write('hdd.cfg', `${own}/hdd`)}${write('chunk.cfg', chunks)}mfschunkserver -c ${own}/chunk.cfg start`,
      )
    }
    const folder = '/srv/moosefs'
    for (const machine of ['m1', 'm3'] as const) {
      await lab.sh(machine, `mkdir -p ${folder}; mfsmount -H ${ADDRESSES.m1} ${folder}`)
    }
    await until(() => lab.sh('m1', `mfssetgoal -r 2 ${folder} && touch ${folder}/.probe && echo x > ${folder}/.probe`))
    const version = /[\d.]+(?:-\d+)?/.exec(await lab.on('m1', ['mfsmaster', '-v']))?.[0] ?? ''
    const title = `MooseFS ${version}, goal 2, HDD_FSYNC_BEFORE_CLOSE=1; CHANGELOG_SAVE_MODE=2 where files are synced`
    // Its master answers before the names it holds are on the disk: mfsmaster.cfg(5).
    const keepNames = async (isOn: boolean): Promise<void> => {
      const config = `${master}\nCHANGELOG_SAVE_MODE = ${isOn ? 2 : 0}`
      await lab.sh('m1', `${write('master.cfg', config)}mfsmaster -c ${own}/master.cfg reload`)
    }
    const end = (): Promise<void> => endPrograms(lab, folder, 'mfs')
    const chunkserver = `mfschunkserver -c ${own}/chunk.cfg`
    const lose = `${chunkserver} stop; rm -rf ${own}/hdd/* ${own}/hdd/.[!.]*; ${chunkserver} start`
    const copies = { folder: `${own}/hdd`, lose: async () => void (await lab.sh('m2', lose)) }
    return { name: 'moosefs', title, folder, machines: ['m1', 'm3'], keepNames, copies, end }
  },
}

/** Every kind of target, in the order they take turns. */
export const labTargets: readonly LabTargetKind[] = [disk, cairn, glusterfs, moosefs]

// Programs are known by how their names begin; a machine sees its own only.
async function endPrograms(lab: LabMachines, folder: string, name: string): Promise<void> {
  for (const machine of ['m1', 'm2', 'm3'] as const) {
    await lab.sh(machine, `umount -l ${folder} || true; pkill '^${name}' || true`)
  }
}

// Daemons need a moment to find each other.
async function until(step: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await step()
      return
    } catch (error) {
      if (tries === TRIES) throw error
      await delay(TRY_PAUSE_MS)
    }
  }
}
