import fs from 'node:fs'
import { exactly, flag, integer, list, shape, type ShapeOf, text } from '#rpc'
import { mainFault } from '../faults.ts'
import { replaceFile } from '../keys/replace-file.ts'

const MEMBERS_MAX = 16

/** DATA/etcd/member.json, version 1: the member of the cloud's etcd that runs on this machine. */
const memberShape = shape({
  version: exactly(1),
  /** What the machine is called. */
  name: text(253),
  /** The address of this machine that it listens at. */
  host: text(255),
  clientPort: integer(1, 65_535),
  peerPort: integer(1, 65_535),
  /** True for the first of all members. */
  isFirst: flag,
  /** All members when this one began. */
  members: list(shape({ name: text(253), peerUrl: text(300) }), MEMBERS_MAX),
})

/** The member of the cloud's etcd that runs on this machine. */
export type EtcdMemberPlan = Omit<ShapeOf<typeof memberShape>, 'version'>

/** Where a machine keeps all of its member: mode 0700. */
export function memberFolderOf(dataFolder: string): string {
  return `${dataFolder}/etcd`
}

/** The files in PEM that members and their clients show and check each other with. */
export function memberFilesOf(dataFolder: string) {
  const folder = memberFolderOf(dataFolder)
  return {
    authority: `${folder}/authority.pem`,
    certificate: `${folder}/certificate.pem`,
    key: `${folder}/key.pem`,
    /** The certificates of members that hold no more (RFC 5280, section 5). */
    revoked: `${folder}/revoked.pem`,
  } as const
}

/** The member of this machine; undefined when none is to run. Faults: DataFolder. */
export function readMember(dataFolder: string): EtcdMemberPlan | undefined {
  const file = fileOf(dataFolder)
  if (!fs.existsSync(file)) return undefined
  try {
    const { version: _, ...member } = memberShape(JSON.parse(fs.readFileSync(file, 'utf8')), '')
    return member
  } catch (error) {
    throw mainFault('DataFolder', `${file} does not say how the etcd of this machine is run`, {
      hint: 'Take this machine into its cloud again: cairn token create --role controller --node NAME on another controller.',
      cause: error,
    })
  }
}

/** Says how the member of this machine is run from now on. */
export function writeMember(dataFolder: string, member: EtcdMemberPlan): void {
  fs.mkdirSync(memberFolderOf(dataFolder), { recursive: true, mode: 0o700 })
  replaceFile(fileOf(dataFolder), `${JSON.stringify({ version: 1, ...member }, undefined, 2)}\n`)
}

/** No member runs on this machine any more. What it has is kept, for people, until there is another. */
export function removeMember(dataFolder: string): void {
  fs.rmSync(fileOf(dataFolder), { force: true })
  const kept = `${memberFolderOf(dataFolder)}/removed`
  fs.rmSync(kept, { recursive: true, force: true })
  if (fs.existsSync(memberDataOf(dataFolder))) fs.renameSync(memberDataOf(dataFolder), kept)
}

/** True when the member of this machine has begun: what is written there counts. */
export function hasMemberData(dataFolder: string): boolean {
  const folder = `${memberDataOf(dataFolder)}/member/wal`
  return fs.existsSync(folder) && fs.readdirSync(folder).some(name => name.endsWith('.wal'))
}

/** Where etcd writes. */
export function memberDataOf(dataFolder: string): string {
  return `${memberFolderOf(dataFolder)}/data`
}

/** `https://HOST:PORT`, an IPv6 address in brackets. */
export function memberUrl(host: string, port: number): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function fileOf(dataFolder: string): string {
  return `${memberFolderOf(dataFolder)}/member.json`
}
