import fs from 'node:fs'
import path from 'node:path'
import { mainFault } from '../faults.ts'
import { type EtcdMemberPlan, memberDataOf, memberFilesOf, memberUrl } from './member-file.ts'

/** What each certificate of a member is for, and no other of the cloud: etcd lets nobody in without it. */
export const MEMBER_HOSTNAME = 'member.etcd.cairn.internal'

/** True when this machine has an etcd to run. */
export function hasEtcd(): boolean {
  return etcdProgram() !== undefined
}

/** Refuses what needs an etcd on this machine. Faults: Missing. */
export function refuseWithoutEtcd(what: string): void {
  if (hasEtcd()) return
  throw mainFault('Missing', `${what} needs etcd on this machine, which is not installed`, {
    hint: 'On Debian: apt install etcd-server; then try again. Nothing was changed.',
  })
}

/** Where the program is; undefined when it is not installed. */
export function etcdProgram(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin']
  return folders
    .filter(folder => folder !== '')
    .map(folder => path.join(folder, 'etcd'))
    .find(isExecutable)
}

/**
 * The arguments that etcd is run with (etcd.io/docs/v3.4/op-guide/configuration). Beats are fewer than by default, so that a home's
 * slow disks and links end no leader's term; what is applied is put into a snapshot early, because until then it is in memory.
 */
export function etcdArguments(dataFolder: string, member: EtcdMemberPlan): readonly string[] {
  const { name, host, clientPort, peerPort, isFirst, members } = member
  const { authority, certificate, key, revoked } = memberFilesOf(dataFolder)
  const [client, peer] = [memberUrl(host, clientPort), memberUrl(host, peerPort)]
  const options = {
    name,
    'data-dir': memberDataOf(dataFolder),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': members.map(each => `${each.name}=${each.peerUrl}`).join(','),
    'initial-cluster-state': isFirst ? 'new' : 'existing',
    'trusted-ca-file': authority,
    'cert-file': certificate,
    'key-file': key,
    'client-cert-allowed-hostname': MEMBER_HOSTNAME,
    'peer-trusted-ca-file': authority,
    'peer-cert-file': certificate,
    'peer-key-file': key,
    'peer-cert-allowed-hostname': MEMBER_HOSTNAME,
    // Without the file etcd would let nobody in.
    ...(fs.existsSync(revoked) ? { 'client-crl-file': revoked, 'peer-crl-file': revoked } : {}),
    'heartbeat-interval': '200',
    'election-timeout': '2000',
    'snapshot-count': '10000',
    logger: 'zap',
    'log-level': 'warn',
    'log-outputs': 'stderr',
  }
  const flags = ['--client-cert-auth', '--peer-client-cert-auth', '--enable-grpc-gateway=false']
  return [...Object.entries(options).map(([option, value]) => `--${option}=${value}`), ...flags]
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return true
  } catch {
    return false // not there, or not for us
  }
}
