import { isFault, type World } from '#base'
import { Authority, Keyring, type MasterKey, type WrappedKey } from '#identity'
import type { Keyspace } from '#keyspace'
import { mainFault } from '../faults.ts'
import { makeMasterKey, readMasterKey, REMEDIES } from '../keys/master-key-file.ts'
import { DATA_KEYS, keyRows, wrappedFor } from './rotation/key-rows.ts'
import { putNew, rowAt } from './rows.ts'

/** The keys of a cloud, opened with its master key. */
export interface ClusterKeys {
  readonly keyring: Keyring
  readonly master: MasterKey
  readonly authority: Authority
  /** The words that bring the master key back, when it was made just now. */
  readonly recoveryPhrase: string | undefined
}

/** `/identity/authority` -> its certificate and its sealed key as JSON. */
export const AUTHORITY = '/identity/authority'

/** Opens the keys that a keyspace holds, or makes them: servers on one keyspace share them. Faults: MasterKey. */
export async function openClusterKeys(
  {
    world,
    keyspace,
    masterKeyFile,
  }: { readonly world: World; readonly keyspace: Keyspace; readonly masterKeyFile: string },
  signal: AbortSignal,
): Promise<ClusterKeys> {
  const read = readMasterKey(masterKeyFile)
  const found = await dataKeys(keyspace, read, signal)
  const needed = found.at(-1)?.master
  if (read === undefined && needed !== undefined) {
    throw mainFault('MasterKey', `the master key ${masterKeyFile} is missing; the data needs master key ${needed}`, {
      hint: REMEDIES,
    })
  }
  const master = read ?? makeMasterKey(masterKeyFile, world)
  const keys = found.length > 0 ? found : await makeDataKey(keyspace, master, world, signal)
  const keyring = openKeyring(keys, { master, masterKeyFile, world })
  const authority = await openAuthority({ world, keyspace, keyring }, signal)
  return { keyring, master, authority, recoveryPhrase: read === undefined ? await master.phrase() : undefined }
}

function openKeyring(
  keys: readonly WrappedKey[],
  {
    master,
    masterKeyFile,
    world,
  }: { readonly master: MasterKey; readonly masterKeyFile: string; readonly world: World },
): Keyring {
  try {
    return Keyring.open(keys, master, world.entropy)
  } catch (error) {
    if (!isFault(error, 'MasterKey')) throw error
    throw mainFault('MasterKey', `${masterKeyFile} is of another Cairn: ${error.message}`, {
      hint: REMEDIES,
      cause: error,
    })
  }
}

async function dataKeys(
  keyspace: Keyspace,
  master: MasterKey | undefined,
  signal: AbortSignal,
): Promise<readonly WrappedKey[]> {
  return (await keyRows(keyspace, DATA_KEYS, signal)).map(({ row }) => wrappedFor(row, master?.id))
}

async function makeDataKey(keyspace: Keyspace, master: MasterKey, world: World, signal: AbortSignal) {
  const key = Keyring.newKey(master, world.entropy)
  // Two servers that start at once make one key: the first of them names it.
  await putNew(keyspace, `${DATA_KEYS}first`, { ...key }, signal)
  return dataKeys(keyspace, master, signal)
}

async function openAuthority(
  { world, keyspace, keyring }: { readonly world: World; readonly keyspace: Keyspace; readonly keyring: Keyring },
  signal: AbortSignal,
): Promise<Authority> {
  const kept = await authorityRow(keyspace, signal)
  if (kept === undefined) {
    const now = new Date(Number(world.clock.wallNs() / 1_000_000n))
    const { certificatePem, keyPem } = await Authority.make('cairn', world.entropy.bytes(16), now)
    await putNew(keyspace, AUTHORITY, { certificatePem, key: keyring.seal(Buffer.from(keyPem), AUTHORITY) }, signal)
  }
  const { certificatePem, key } = kept ?? (await authorityRow(keyspace, signal)) ?? { certificatePem: '', key: '' }
  return Authority.open({ certificatePem, keyPem: Buffer.from(keyring.open(key, AUTHORITY)).toString() })
}

async function authorityRow(keyspace: Keyspace, signal: AbortSignal) {
  const row = await rowAt(keyspace, AUTHORITY, signal)
  return row === undefined ? undefined : { certificatePem: String(row['certificatePem']), key: String(row['key']) }
}
