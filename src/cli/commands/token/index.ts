import type { Command } from 'commander'
import { tokenList, tokenRevoke } from '#rpc'
import { show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { formatMs } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'
import { declareTokenCreate } from './create.ts'

/** `cairn token` */
export function declareToken(program: Command, run: Run): void {
  const token = program.command('token').description('tokens that let somebody or something in').helpCommand(false)
  declareTokenCreate(token, run)
  token
    .command('ls')
    .description('list the tokens that still hold; their secrets are not shown again')
    .addHelpText('after', examples('cairn token ls'))
    .action(() =>
      run(async context => {
        await using client = await openControlDoor(context)
        const { tokens } = await client.call(tokenList, undefined, context.signal)
        const rows = tokens.map(({ id, user, role, node, expiresMs, isSingleUse, description }) => [
          id,
          user ?? (role === undefined ? '' : `${role}${node === undefined ? '' : ` ${node}`}`),
          expiresMs === undefined ? 'never' : formatMs(expiresMs),
          isSingleUse ? 'once' : 'until it expires',
          description,
        ])
        show(context, tokens, () => table(TOKENS, rows))
      }),
    )
  token
    .command('revoke')
    .description('make a token worthless; certificates it was exchanged for go on (`cairn cert revoke`)')
    .argument('<id>', 'its first six letters, as `cairn token ls` shows them')
    .addHelpText('after', examples('cairn token revoke abc123'))
    .action((id: string) =>
      run(async context => {
        await using client = await openControlDoor(context)
        const revoked = id.slice(0, 6)
        await client.call(tokenRevoke, { id: revoked }, context.signal)
        show(context, { revoked }, () => `Token ${revoked} lets nobody in any more\n`)
      }),
    )
}

const TOKENS = ['ID', 'FOR', 'EXPIRES (UTC)', 'GOOD', 'DESCRIPTION'].map(title => ({ title }))
