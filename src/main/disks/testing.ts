import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import { machineDisk, machineWorld } from '#host'
import { inlineWorkers } from '#storage/chunks'
import { MachineDisks } from './machine-disks.ts'
import type { Machine } from './machine.ts'

/** A machine whose disks are folders of a temporary one, for tests: each folder is a disk of its own. */
export class DiskBench implements Disposable {
  readonly home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-machine-'))
  readonly dataFolder = this.disk('data')
  readonly #failed = Promise.withResolvers<string>()
  readonly lines: string[] = []
  /** Folders below which nothing can be written. */
  readonly broken = new Set<string>()
  readonly world: World = {
    ...machineWorld,
    log: { info: line => void this.lines.push(line), warn: line => void this.lines.push(line) },
    disk: {
      ...machineDisk,
      open: (file, mode) => {
        if (mode !== 'read') this.#check(file)
        const open = machineDisk.open(file, mode)
        const { write, sync } = open
        open.write = (parts, position) => {
          this.#check(file)
          write.call(open, parts, position)
        }
        open.sync = async () => {
          this.#check(file)
          await sync.call(open)
        }
        return open
      },
    },
  }
  readonly machine: Machine = {
    mounts: [{ path: '/', type: 'ext4', source: '/dev/vda', device: '1:1' }],
    deviceOf: folder => (folder === '/' ? 0 : fs.statSync(path.join(this.home, this.#top(folder))).ino),
    isOwn: () => true,
    ballastBytes: 0,
  }

  /** Resolves to the first disk that is given up. */
  get failed(): Promise<string> {
    return this.#failed.promise
  }

  /** A folder that is a disk of its own. */
  disk(name: string): string {
    const folder = path.join(this.home, name)
    fs.mkdirSync(folder, { recursive: true })
    return fs.realpathSync(folder)
  }

  /** Takes a disk out; what is there afterwards is an empty folder, as where nothing is mounted. */
  unmount(name: string): void {
    fs.renameSync(path.join(this.home, name), path.join(this.home, `${name}-away`))
    fs.mkdirSync(path.join(this.home, name))
  }

  mount(name: string): void {
    fs.rmdirSync(path.join(this.home, name))
    fs.renameSync(path.join(this.home, `${name}-away`), path.join(this.home, name))
  }

  open(): Promise<MachineDisks> {
    const { world, dataFolder, machine } = this
    const workers = inlineWorkers(world.disk)
    return MachineDisks.open({ world, dataFolder, workers, machine, failed: this.#failed.resolve })
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.home, { recursive: true, force: true })
  }

  #top(folder: string): string {
    return path.relative(fs.realpathSync(this.home), folder).split('/')[0] ?? ''
  }

  #check(file: string): void {
    for (const folder of this.broken) {
      if (file.startsWith(folder))
        throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', errno: -5, syscall: 'write' })
    }
  }
}
