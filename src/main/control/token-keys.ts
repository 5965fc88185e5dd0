import { generateKeyPairSync } from 'node:crypto'
import type { World } from '#base'
import { type Keyring, type PrivateKeyPem, TokenSigner } from '#identity'
import type { Keyspace } from '#keyspace'
import { type KeyRow, keyRows, TOKEN_KEYS } from './rotation/key-rows.ts'
import { putNew } from './rows.ts'

/** Opens the keys that sign tokens, or makes the first: servers on one keyspace share them. Faults: SealBroken. */
export async function openTokenSigner(
  { keyspace, keyring, world }: { readonly keyspace: Keyspace; readonly keyring: Keyring; readonly world: World },
  signal: AbortSignal,
): Promise<TokenSigner> {
  const kept = await keyRows(keyspace, TOKEN_KEYS, signal)
  if (kept.length === 0) await putNew(keyspace, `${TOKEN_KEYS}first`, newTokenKey(keyring), signal)
  const rows = kept.length === 0 ? await keyRows(keyspace, TOKEN_KEYS, signal) : kept
  return TokenSigner.open(world, tokenPems(rows, keyring))
}

/** What is sealed as the key of a token, is sealed for this. */
export const TOKEN_KEY_PLACE = 'token key'

/** A key that signs tokens, as it is kept. */
export function newTokenKey(keyring: Keyring): { readonly key: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { key: keyring.seal(Buffer.from(pem), TOKEN_KEY_PLACE) }
}

/** The keys in PEM, the one that signs first. Faults: SealBroken. */
export function tokenPems(rows: readonly KeyRow[], keyring: Keyring): readonly [PrivateKeyPem, ...PrivateKeyPem[]] {
  const pems = rows.map(({ row }) => Buffer.from(keyring.open(String(row['key']), TOKEN_KEY_PLACE)).toString())
  const [newest = '', ...older] = pems.reverse()
  return [newest, ...older]
}
