import type { CliHost } from '#cli'
import {
  bringUp,
  Lab,
  type LabHost,
  type LabMachine,
  labNames,
  millisecondsOf,
  planOf,
  startCairn,
  takeDown,
  usualControllers,
} from '#lab'
import { labHost } from './host.ts'

type Labs = CliHost['labs']
type Row = Awaited<ReturnType<Labs['list']>>[number]
type Deed = Parameters<Labs['act']>[1]
type Told = Parameters<Labs['act']>[2]

/** `cairn lab up` */
export const up: Labs['up'] = async (words, tell, signal) => {
  const host = labHost(words.name)
  const controllers = words.controllers ?? usualControllers(words, host)
  const lab = new Lab(planOf({ ...words, controllers }, host.processors), host)
  await bringUp({ lab, host, tell }, signal)
  return rowsOf(lab, signal)
}

/** `cairn lab down` */
export const down: Labs['down'] = (name, signal) => takeDown(name, labHost(name), signal)

/** `cairn lab ls` */
export const list: Labs['list'] = async signal => {
  const names = labNames(labHost(''))
  // Of one that was cut off while it was begun nothing is known but its name.
  const known = names.filter(name => Lab.isKnown(name, labHost(name)))
  const rows = await Promise.all(known.map(name => rowsOf(Lab.open(name, labHost(name)), signal)))
  return rows.flat()
}

/** `cairn lab exec` */
export const exec: Labs['exec'] = ({ lab: name, machine }, words, signal) => {
  const lab = Lab.open(name, labHost(name))
  return lab.exec(lab.machine(machine), words, signal)
}

/** `cairn lab heal` */
export const heal: Labs['heal'] = (name, signal) => Lab.open(name, labHost(name)).heal(signal)

/** `cairn lab kill`, and so on. */
export const act: Labs['act'] = (place, deed, told) => {
  const host = labHost(place.lab)
  const lab = Lab.open(place.lab, host)
  return perform({ lab, host, machine: lab.machine(place.machine) }, deed, told)
}

interface Subject {
  readonly lab: Lab
  readonly host: LabHost
  readonly machine: LabMachine
}

async function perform({ lab, host, machine }: Subject, deed: Deed, { tell, signal }: Told): Promise<string> {
  const { name } = machine
  switch (deed.kind) {
    case 'kill':
      await lab.kill(machine, signal)
      return `Killed ${name}`
    case 'start':
      await startCairn({ lab, host, tell }, machine, signal)
      return `Started ${name}`
    case 'wipe':
      tell(`wiping ${name}`)
      await lab.wipe(machine, signal)
      return `Wiped ${name}, which does not run: cairn lab start ${name} lets it join again`
    case 'fill-disk':
      tell(`filling the disk of ${name}`)
      await lab.fillDisk(machine, signal)
      return `Filled the disk of ${name}`
    case 'corrupt':
      return `Flipped ${await lab.corrupt(machine, deed.count, signal)} bytes of the chunks of ${name}`
    case 'cut': {
      const from = deed.from === undefined ? undefined : lab.machine(deed.from)
      await lab.cut(machine, { from, isOneWay: deed.isOneWay }, signal)
      return `Cut ${name} off${from === undefined ? '' : ` from ${from.name}`}`
    }
    case 'slow': {
      const ms = millisecondsOf('--latency', deed.latency)
      await lab.slow(machine, { ms, lossPercent: deed.lossPercent }, signal)
      return `The way to ${name} and back takes ${ms} ms longer and loses ${deed.lossPercent} %`
    }
  }
}

async function rowsOf(lab: Lab, signal: AbortSignal): Promise<readonly Row[]> {
  return (await lab.inspected(signal)).map(row => ({ ...row, lab: lab.name }))
}
