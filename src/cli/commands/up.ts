import type { Command } from 'commander'
import { examples, folderWord } from '../help.ts'
import type { Run } from '../run.ts'

/** `cairn up` */
export function declareUp(program: Command, run: Run): void {
  program
    .command('up')
    .description('run Cairn in the foreground until Ctrl-C or `cairn down`')
    .option(
      '--mount <folder>',
      'where home is mounted, from now on (else /mnt/cairn, or ~/cairn, or ~/cairn-files)',
      folderWord,
    )
    .option('--no-mount', 'mount nothing this time')
    .addHelpText('after', examples('cairn up', 'cairn up --data /srv/cairn --mount /mnt/files'))
    .action((options: { mount?: string | boolean }) =>
      run(({ host, common }) => {
        const mount = options.mount === true ? undefined : options.mount
        return host.up({ data: common.data, mount, isJson: common.output === 'json' })
      }),
    )
}
