import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { World } from '#base'
import { type Authority, MASTERS, readPublicKey } from '#identity'
import {
  answerUnary,
  type CheckRow,
  type ControlStatus,
  certificateRevoke,
  certificateSign,
  controlStatus,
  type Handler,
  kubeconfigOf,
  message,
} from '#rpc'
import type { Keyspace } from '#keyspace'
import { mainFault } from '../faults.ts'
import { keyspaceCheck } from '../keyspace/check.ts'
import type { Issuing } from './issuing.ts'
import type { Served } from './listen.ts'
import type { ControlStart } from './messages.ts'
import type { Revocations } from './revocations.ts'
import { masterCheck, rotationChecks, rotationText } from './rotation/checks.ts'
import type { FollowedKeys } from './rotation/followed-keys.ts'
import type { Rotation } from './rotation/rotation.ts'

/** What the local door of the control process works on. */
export interface ControlDoorParts {
  readonly start: ControlStart
  readonly world: World
  readonly authority: Authority
  readonly served: Served
  readonly revocations: Revocations
  readonly issuing: Issuing
  readonly keys: FollowedKeys
  readonly rotation: Rotation
  readonly keyspace: Keyspace
}

/** Everything the local door of the control process answers: who may open its socket owns the cloud. */
export function controlHandlers(parts: ControlDoorParts): readonly Handler[] {
  const { start, world, served, revocations, issuing, rotation } = parts
  const { clock } = world
  const openedMs = clock.monotonicMs()
  return [
    answerUnary(controlStatus, async (_, { signal }) => {
      const uptimeMs = Math.round(clock.monotonicMs() - openedMs)
      const keys = rotationText(rotation.state)
      rotation.wake() // perhaps a person has just put the new master key in its place
      const checks = await checksOf(parts, signal)
      return message<ControlStatus>({ pid: process.pid, url: served.url, uptimeMs, checks, keys })
    }),
    answerUnary(certificateSign, async ({ user, groups, publicKeyPem, days }, { signal }) => {
      if (user === '') throw mainFault('Invalid', 'user: must not be empty', { hint: 'Name a user, such as jane.' })
      const publicKey = await readPublicKey(publicKeyPem)
      const issued = await issuing.issue(
        { user, groups, publicKey, from: 'cairn kubeconfig' },
        signal,
        days * 86_400_000,
      )
      const { certificatePem, authorityPem, serial } = issued
      return message({ certificatePem, authorityPem, url: served.url, serial })
    }),
    answerUnary(certificateRevoke, async ({ serial, why }, { signal }) => {
      if (!/^[0-9a-f]{2,40}$/i.test(serial)) {
        throw mainFault('Invalid', `serial: "${serial}" is no serial number`, {
          hint: 'It has hexadecimal digits only.',
        })
      }
      const { user, groups = [] } = (await issuing.find(serial, signal)) ?? {}
      await revocations.revoke(serial, why, signal)
      world.log.info('a certificate was revoked', { serial, user, why, folder: start.dataFolder })
      return message({ user, isMaster: groups.includes(MASTERS) })
    }),
  ]
}

async function checksOf(parts: ControlDoorParts, signal: AbortSignal): Promise<readonly CheckRow[]> {
  const { start, world, authority, served, keys, rotation, keyspace } = parts
  const nowMs = Number(world.clock.wallNs() / 1_000_000n)
  return [
    restartCheck(start.restarts),
    validityCheck('server certificate', served.certificatePem(), nowMs),
    validityCheck('authority', authority.certificatePem, nowMs),
    kubeconfigCheck(kubeconfigOf(start.dataFolder)),
    await masterCheck(keys, start.masterKeyFile, signal),
    await keyspaceCheck(keyspace, signal),
    ...rotationChecks(rotation.state),
  ]
}

function restartCheck({ count, last }: ControlStart['restarts']): CheckRow {
  const name = 'control process'
  if (count === 0) return { name, state: 'ok', detail: 'never died since the start' }
  const detail = `died ${count === 1 ? 'once' : `${count} times`} since the start, last by ${last ?? 'an unknown cause'}`
  return { name, state: 'warn', detail, remedy: 'Nothing is lost. See what `cairn up` printed before.' }
}

/** Whether a certificate holds now. */
export function validityCheck(name: string, certificatePem: string, nowMs: number): CheckRow {
  const { validFrom, validTo } = new X509Certificate(certificatePem)
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)]
  const detail = `valid until ${new Date(toMs).toISOString().slice(0, 10)}`
  if (fromMs <= nowMs && nowMs < toMs) return { name, state: 'ok', detail }
  const remedy = 'Set the clock of this machine right, then start Cairn anew.'
  return { name, state: 'fail', detail: `${detail}, and this is ${new Date(nowMs).toISOString()}`, remedy }
}

function kubeconfigCheck(file: string): CheckRow {
  const name = 'kubeconfig'
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) {
    return {
      name,
      state: 'warn',
      detail: `${file} is not there`,
      remedy: 'Start Cairn anew: it is written at each start.',
    }
  }
  if ((stats.mode & 0o077) === 0) return { name, state: 'ok', detail: file }
  return { name, state: 'fail', detail: `${file} can be read by others`, remedy: `chmod 600 ${file}` }
}
