import type { Command } from 'commander'
import type { KeyspaceWords } from '#rpc'

/** The files and the prefix that go with the name of a keyspace. */
export interface KeyspaceFiles {
  readonly keyspaceCa?: string
  readonly keyspaceCert?: string
  readonly keyspaceKey?: string
  readonly keyspaceUser?: string
  readonly keyspacePasswordFile?: string
  readonly keyspacePrefix?: string
}

/** Declares the options that go with the name of a keyspace. */
export function withKeyspaceFiles(command: Command): Command {
  return command
    .option('--keyspace-ca <file>', "the authority that signed etcd's certificate, in PEM (else this machine's own)")
    .option('--keyspace-cert <file>', 'the certificate that is shown to etcd, in PEM')
    .option('--keyspace-key <file>', 'its key')
    .option('--keyspace-user <name>', 'the user of an etcd that wants a user and a password')
    .option(
      '--keyspace-password-file <file>',
      'the file with its password (else CAIRN_KEYSPACE_PASSWORD at each start)',
    )
    .option('--keyspace-prefix <text>', 'what every key in etcd begins with, another one for each cloud (else /cairn/)')
}

/** A keyspace as the options name it. */
export function wordsOf(address: string, files: KeyspaceFiles): KeyspaceWords {
  const { keyspaceCa: authority, keyspaceCert: certificate, keyspaceKey: key, keyspacePrefix: prefix } = files
  const { keyspaceUser: user, keyspacePasswordFile: password } = files
  return { address, authority, certificate, key, user, password, prefix }
}
