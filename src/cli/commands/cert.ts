import type { Command } from 'commander'
import { certificateList, certificateRevoke } from '#rpc'
import { show } from '../context.ts'
import { openControlDoor } from '../control-door.ts'
import { formatMs } from '../format.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'
import { table } from '../table.ts'

/** `cairn cert` */
export function declareCert(program: Command, run: Run): void {
  const cert = program.command('cert').description('look after certificates').helpCommand(false)
  cert
    .command('ls')
    .description('list the client certificates that have not expired')
    .addHelpText('after', examples('cairn cert ls', 'cairn cert ls -o json'))
    .action(() =>
      run(async context => {
        await using client = await openControlDoor(context)
        const { certificates } = await client.call(certificateList, undefined, context.signal)
        const rows = certificates.map(({ serial, user, groups, from, issuedMs, expiresMs, isRevoked }) => {
          const state = isRevoked ? 'revoked' : 'good'
          return [serial, user, groups.join(','), from, formatMs(issuedMs), formatMs(expiresMs), state]
        })
        show(context, certificates, () => table(CERTIFICATES, rows))
      }),
    )
  cert
    .command('revoke')
    .description('revoke a client certificate for good; connections that show it are cut')
    .argument('<serial>', 'its serial number, as `kubectl auth whoami` and `openssl x509 -serial` show it')
    .option('--why <text>', 'the reason, for the record', 'revoked on the command line')
    .addHelpText('after', examples('cairn cert revoke 6728df36bcd15d86eebaff176fe919f2 --why "laptop stolen"'))
    .action((serial: string, { why }: { why: string }) =>
      run(async context => {
        await using client = await openControlDoor(context)
        const asked = { serial: serial.replace(/^X509SERIAL=/i, '').toLowerCase(), why }
        const revoked = await client.call(certificateRevoke, asked, context.signal)
        show(context, { serial: asked.serial, ...revoked }, () => revokedText(revoked))
      }),
    )
}

function revokedText({ user, isMaster }: { readonly user?: string | undefined; readonly isMaster: boolean }): string {
  if (user === undefined) return 'It was in no list of issued certificates, and is refused from now on.\n'
  if (!isMaster) return `The certificate of ${user} is refused from now on.\n`
  return `The certificate of ${user} is refused from now on. It could do everything: every copy of its kubeconfig is useless.
A new one is in the data folder of the machine that runs Cairn: \`cairn kubeconfig\` there prints it.
`
}

const CERTIFICATES = ['SERIAL', 'USER', 'GROUPS', 'FROM', 'ISSUED (UTC)', 'EXPIRES (UTC)', 'STATE'].map(title => ({
  title,
}))
