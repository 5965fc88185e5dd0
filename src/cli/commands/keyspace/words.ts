import type { Command } from 'commander'
import type { KeyspaceWords } from '#rpc'

/** The files and the prefix that go with the name of a keyspace. */
export interface KeyspaceFiles {
  readonly keyspaceCa?: string
  readonly keyspaceCert?: string
  readonly keyspaceKey?: string
  readonly keyspacePrefix?: string
}

/** Declares the options that go with the name of a keyspace. */
export function withKeyspaceFiles(command: Command): Command {
  return command
    .option('--keyspace-ca <file>', "the authority that signed etcd's certificate, in PEM (else this machine's own)")
    .option('--keyspace-cert <file>', 'the certificate that is shown to etcd, in PEM')
    .option('--keyspace-key <file>', 'its key')
    .option('--keyspace-prefix <text>', 'what every key in etcd begins with, another one for each cloud (else /cairn/)')
}

/** A keyspace as the options name it. */
export function wordsOf(address: string, files: KeyspaceFiles): KeyspaceWords {
  const { keyspaceCa, keyspaceCert, keyspaceKey, keyspacePrefix } = files
  return { address, authority: keyspaceCa, certificate: keyspaceCert, key: keyspaceKey, prefix: keyspacePrefix }
}
