import type { Command } from 'commander'
import { examples, folderWord, listenWord } from '../help.ts'
import type { Run } from '../run.ts'
import { type KeyspaceFiles, withKeyspaceFiles, wordsOf } from './keyspace/words.ts'

interface UpWords extends KeyspaceFiles {
  readonly mount?: string | boolean
  readonly listen?: string
  readonly name?: string
  readonly requireClientCertificate?: boolean
  readonly peerListen?: string
  readonly keyspace?: string
}

/** `cairn up` */
export function declareUp(program: Command, run: Run): void {
  const up = program
    .command('up')
    .description('run Cairn in the foreground until Ctrl-C or `cairn down`')
    .option(
      '--mount <folder>',
      'where home is mounted, from now on (else /mnt/cairn, or ~/cairn, or ~/cairn-files)',
      folderWord,
    )
    .option('--no-mount', 'mount nothing this time')
    .option(
      '--listen <address>',
      'where the API listens, HOST[:PORT], or none (CAIRN_LISTEN; else 127.0.0.1:6443)',
      listenWord,
    )
    .option(
      '--peer-listen <address>',
      'where other machines are listened for, HOST[:PORT], or none (CAIRN_PEER_LISTEN; else port 7443 everywhere)',
      listenWord,
    )
    .option('--name <name>', 'what this machine is called in its cloud, from its first start on (else its host name)')
    .option('--require-client-certificate', 'let nobody connect to the API without a client certificate')
    .option(
      '--keyspace <keyspace>',
      'where the control plane is kept, from now on: embedded, or etcd=https://HOST:PORT[,...]',
    )
  withKeyspaceFiles(up)
    .addHelpText(
      'after',
      examples('cairn up', 'cairn up --data /srv/cairn --mount /mnt/files', 'cairn up --listen 0.0.0.0'),
    )
    .action((options: UpWords) =>
      run(({ host, common }) => {
        const mount = options.mount === true ? undefined : options.mount
        const { listen, peerListen, name, requireClientCertificate: requiresClientCertificate = false } = options
        return host.up({
          data: common.data,
          mount,
          listen,
          requiresClientCertificate,
          ...(peerListen === undefined ? {} : { peerListen }),
          ...(name === undefined ? {} : { name }),
          keyspace: options.keyspace === undefined ? undefined : wordsOf(options.keyspace, options),
          isJson: common.output === 'json',
        })
      }),
    )
}
