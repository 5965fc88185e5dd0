import type { Command } from 'commander'
import { certificateSign, kubeconfigOf, kubeconfigText } from '#rpc'
import { type Context, dataFolder } from '../context.ts'
import { openControlDoor } from '../control-door.ts'
import { cliFault } from '../faults.ts'
import { examples } from '../help.ts'
import { kubeconfigByToken } from '../kubeconfig-by-token.ts'
import { askForText } from '../local/input.ts'
import { newClientKey } from '../local/client-key.ts'
import { readLocalText } from '../local/text-file.ts'
import type { Run } from '../run.ts'

interface Options {
  readonly user?: string
  readonly group?: readonly string[]
  readonly days: string
  readonly server?: string
  readonly token?: string
  readonly namespace?: string
}

/** `cairn kubeconfig` */
export function declareKubeconfig(program: Command, run: Run): void {
  program
    .command('kubeconfig')
    .description("print the administrator's kubeconfig, or make one for a user with a certificate of his own")
    .option('--user <name>', 'a user; what he may do is decided by role bindings')
    .option('--group <name>', 'a group of that user; may be given several times', collect)
    .option('--days <count>', 'how long the certificate of the user holds', '90')
    .option('--server <url>', 'address of the API as that user reaches it')
    .option('--token <token>', 'ask the API at --server for a certificate of --user with this token; - reads it')
    .option('--namespace <name>', 'where the record of a device lies, with --token (default: default)')
    .addHelpText(
      'after',
      examples(
        'cairn kubeconfig > ~/.kube/config',
        'cairn kubeconfig --user jane --group family > jane.kubeconfig',
        'cairn kubeconfig --server https://box:6443 --user jane --token - > jane.yaml',
        'kubectl create clusterrolebinding jane --clusterrole=view --user=jane',
      ),
    )
    .action((options: Options) => run(context => kubeconfig(context, options)))
}

async function kubeconfig(context: Context, options: Options): Promise<void> {
  const { user, group = [], days, server, token, namespace } = options
  if (server !== undefined && !(server.startsWith('https://') && URL.canParse(server))) {
    throw cliFault('Usage', `--server: "${server}" is no address such as https://HOST:PORT`)
  }
  if (token !== undefined) {
    if (user === undefined || server === undefined) {
      throw cliFault('Usage', '--token needs --user and --server https://HOST:PORT')
    }
    const given = token === '-' ? (await askForText('Token: ', context.signal)).trim() : token
    return print(context, await kubeconfigByToken(context, { token: given, url: server, user, namespace }))
  }
  if (user === undefined) {
    if (group.length > 0) throw cliFault('Usage', '--group needs --user', { hint: 'Name the user as well.' })
    const text = readLocalText(kubeconfigOf(dataFolder(context)), 'It is written by `cairn up` when it has an API.')
    return print(
      context,
      server === undefined ? text : text.replace(/^( *server: ).*$/m, (_, before) => `${before}${server}`),
    )
  }
  const count = Number(days)
  if (!Number.isInteger(count) || count < 1 || count > 3650) {
    throw cliFault('Usage', `--days: "${days}" is no whole number of 1 to 3650`)
  }
  const { publicKeyPem, keyPem } = newClientKey()
  await using client = await openControlDoor(context)
  const request = { user, groups: [...group], publicKeyPem, days: count }
  const { certificatePem, authorityPem, url } = await client.call(certificateSign, request, context.signal)
  return print(context, kubeconfigText({ url: server ?? url, authorityPem, user, certificatePem, keyPem }))
}

async function print({ common, terminal }: Context, text: string): Promise<void> {
  if (common.output !== 'json') return terminal.out(text)
  const { parse } = await import('yaml')
  terminal.out(`${JSON.stringify(parse(text), undefined, 2)}\n`)
}

function collect(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word]
}
