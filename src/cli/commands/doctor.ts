import type { Command } from 'commander'
import { isFault } from '#base'
import { type CheckRow, kubeconfigOf, nodeHealth, nodeStatus } from '#rpc'
import { type Context, dataFolder, show } from '../context.ts'
import { apiState } from '../control-door.ts'
import { openDoor } from '../door.ts'
import { cliFault } from '../faults.ts'
import { plural } from '../format.ts'
import { API_PROBE_MS } from '../limits.ts'
import { probeApi } from '../local/api-probe.ts'
import { machineFacts } from '../local/machine.ts'
import { runningSupervisor } from '../local/supervisor.ts'
import { machineChecks } from '../machine-checks.ts'
import { nodeFault } from '../on-controller.ts'
import type { Run } from '../run.ts'
import { printable } from '../table.ts'

/** `cairn doctor` */
export function declareDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('check this machine and the running Cairn; exit code 1 when something is broken')
    .action(() => run(doctor))
}

async function doctor(context: Context): Promise<void> {
  const nowMs = Number(context.host.clock.wallNs() / 1_000_000n)
  const folder = dataFolder(context)
  const running = await askRunning(context, folder)
  const checks = [...machineChecks(await machineFacts(folder, nowMs), running.served), ...running.checks]
  show(context, checks, () => checks.map(checkLine).join(''))
  const failed = checks.filter(check => check.state === 'fail')
  if (failed.length === 0) return
  throw cliFault('Unwell', `${plural(failed.length, 'check')} failed: ${failed.map(check => check.name).join(', ')}`, {
    hint: 'Do what stands below each of them, then run `cairn doctor` again.',
  })
}

interface Running {
  readonly checks: readonly CheckRow[]
  /** Where it serves mounts. */
  readonly served: readonly string[]
}

async function askRunning(context: Context, folder: string): Promise<Running> {
  const pid = runningSupervisor(folder)
  const name = 'local door'
  try {
    await using client = await openDoor(context, 0)
    const { mounts } = await client.call(nodeStatus, undefined, context.signal)
    const { checks } = await client.call(nodeHealth, undefined, context.signal)
    const door: CheckRow = { name, state: 'ok', detail: `${client.peer.software} answers` }
    const api = await apiChecks(context)
    return { checks: [door, ...checks, ...api], served: mounts.map(mount => mount.path) }
  } catch (error) {
    if (!isFault(error)) throw error
    if (pid === undefined)
      return {
        checks: [{ name, state: 'ok', detail: 'closed, because Cairn does not run here: start it with `cairn up`' }],
        served: [],
      }
    const remedy = error.hint ?? 'See what `cairn up` prints.'
    return { checks: [{ name, state: 'fail', detail: error.message, remedy }], served: [] }
  }
}

async function apiChecks(context: Context): Promise<readonly CheckRow[]> {
  const name = 'API'
  const api = await apiState(context)
  if (api === 'none') {
    const isElsewhere = (await nodeFault(context)) !== undefined
    return [{ name, state: 'ok', detail: isElsewhere ? 'on the controllers of the cloud' : 'none this time' }]
  }
  if (typeof api === 'string') {
    const remedy = 'See what `cairn up` prints; storage goes on meanwhile.'
    return [{ name, state: 'fail', detail: 'the control process does not answer', remedy }]
  }
  if (api.standby !== undefined) return api.checks
  const { readyMs, why } = await probeApi(api.url, kubeconfigOf(dataFolder(context)), API_PROBE_MS)
  const answer: CheckRow =
    readyMs === undefined
      ? { name, state: 'fail', detail: `${api.url}: ${why ?? ''}`, remedy: 'See what `cairn up` prints.' }
      : { name, state: 'ok', detail: `${api.url} answers in ${Math.round(readyMs)} ms` }
  return [answer, ...api.checks]
}

const NAME_WIDTH = 18

/** One check for people: state, name, detail, and below it the remedy. */
function checkLine({ state, name, detail, remedy }: CheckRow): string {
  const line = `${state.padEnd(4)}  ${name.padEnd(NAME_WIDTH)} ${printable(detail)}\n`
  return remedy === undefined ? line : `${line}      ${' '.repeat(NAME_WIDTH)} ${printable(remedy)}\n`
}
