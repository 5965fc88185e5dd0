import type { Command } from 'commander'
import { certificateRevoke } from '#rpc'
import { openControlDoor } from '../control-door.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'

/** `cairn cert` */
export function declareCert(program: Command, run: Run): void {
  const cert = program.command('cert').description('look after certificates').helpCommand(false)
  cert
    .command('revoke')
    .description('revoke a client certificate for good; connections that show it are cut')
    .argument('<serial>', 'its serial number, as `kubectl auth whoami` and `openssl x509 -serial` show it')
    .option('--why <text>', 'the reason, for the record', 'revoked on the command line')
    .addHelpText('after', examples('cairn cert revoke 6728df36bcd15d86eebaff176fe919f2 --why "laptop stolen"'))
    .action((serial: string, { why }: { why: string }) =>
      run(async context => {
        await using client = await openControlDoor(context)
        await client.call(certificateRevoke, { serial: serial.replace(/^X509SERIAL=/i, ''), why }, context.signal)
      }),
    )
}
