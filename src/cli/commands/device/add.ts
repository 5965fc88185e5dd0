import type { Command } from 'commander'
import { isFault } from '#base'
import type { Client } from '#client'
import { tokenCreate } from '#rpc'
import { DEVICES, nameOf } from '../../api/devices.ts'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import { newDeviceHash } from '../../local/device-hash.ts'
import type { Run } from '../../run.ts'

interface Options {
  readonly new?: boolean
  readonly namespace: string
  readonly description: string
  readonly kubeconfig?: boolean
}

/** `cairn device add` */
export function declareDeviceAdd(device: Command, run: Run): void {
  device
    .command('add')
    .description('make the record of a device, and a token that it gets its first certificate with')
    .argument('[hash]', 'what it is known by: lower-case letters and digits')
    .option('--new', 'let Cairn choose what it is known by')
    .option('--namespace <name>', 'where its record lies', 'default')
    .option('--description <text>', 'what it is', '')
    .option('--kubeconfig', 'use the token here, and print a kubeconfig with key and certificate instead')
    .addHelpText(
      'after',
      examples('cairn device add --new --description "her phone"', 'cairn device add --new --kubeconfig > phone.yaml'),
    )
    .action((hash: string | undefined, options: Options) => run(context => add(context, hash, options)))
}

async function add(context: Context, given: string | undefined, options: Options): Promise<void> {
  if ((given === undefined) !== (options.new === true)) {
    throw cliFault('Usage', 'a device is named, or --new', { hint: 'Write `cairn device add --new`, for example.' })
  }
  const hash = given ?? newDeviceHash()
  const { namespace, description } = options
  await withApi(context, client => makeRecord(client, { hash, namespace, description }, context.signal))
  const user = `device:${hash}`
  const { token, url } = await newToken(context, user, description)
  if (options.kubeconfig !== true) return show(context, { hash, namespace, token, url }, () => `${token}\n`)
  const { kubeconfigByToken } = await import('../../kubeconfig-by-token.ts')
  const kubeconfig = await kubeconfigByToken(context, { token, url, user, namespace })
  show(context, { hash, namespace, kubeconfig }, () => kubeconfig)
}

interface Wanted {
  readonly hash: string
  readonly namespace: string
  readonly description: string
}

async function makeRecord(
  client: Client,
  { hash, namespace, description }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const metadata = { name: nameOf(hash), namespace }
  const object = { apiVersion: 'nanocloud.io/v1', kind: DEVICES.kind, metadata, spec: { hash, description } }
  try {
    await client.create(DEVICES, object, signal)
  } catch (error) {
    if (!isFault(error, 'AlreadyExists')) throw error
    throw cliFault('Usage', `there is a device ${hash} already`, {
      hint: `Give it another token: cairn token create --user device:${hash}`,
      cause: error,
    })
  }
}

async function newToken(context: Context, user: string, description: string) {
  await using door = await openControlDoor(context)
  return await door.call(tokenCreate, { user, seconds: 300, isSingleUse: true, description }, context.signal)
}
