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
  readonly discovery: boolean
  readonly mesh?: string | boolean
  readonly meshRange?: string
  readonly meshResolvConf?: boolean
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
    .option('--no-discovery', 'as a controller, do not be found by machines of the same network (CAIRN_DISCOVERY=none)')
    .option(
      '--mesh <provider>',
      'how machines reach each other where nothing else does: wireguard, none or interface:NAME (CAIRN_MESH; else wireguard)',
    )
    .option('--no-mesh', 'have no mesh this time')
    .option('--mesh-range <range>', 'addresses of the mesh of the whole cloud, on a controller (else 10.44.0.0/16)')
    .option('--mesh-resolv-conf', 'tell names of machines by /etc/resolv.conf where systemd-resolved does not run')
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
        const { mesh, meshRange: range, meshResolvConf: isResolvConf } = options
        const provider = mesh === false ? 'none' : mesh === true ? undefined : mesh
        const { listen, peerListen, name, requireClientCertificate: requiresClientCertificate = false } = options
        return host.up({
          data: common.data,
          mount,
          listen,
          requiresClientCertificate,
          mesh: { provider, range, isResolvConf },
          ...(peerListen === undefined ? {} : { peerListen }),
          ...(options.discovery ? {} : { isDiscoverable: false }),
          ...(name === undefined ? {} : { name }),
          keyspace: options.keyspace === undefined ? undefined : wordsOf(options.keyspace, options),
          isJson: common.output === 'json',
        })
      }),
    )
}
