import { generateKeyPairSync } from 'node:crypto'
import type { World } from '#base'
import { type Keyring, type PrivateKeyPem, TokenSigner } from '#identity'
import type { Keyspace } from '#keyspace'
import { putNew, type Row, rowsBelow } from './rows.ts'

/** `/identity/token-keys/ID` -> the sealed private key that signs tokens, as JSON; the newest signs. */
const TOKEN_KEYS = '/identity/token-keys/'

/** Opens the keys that sign tokens, or makes the first: servers on one keyspace share them. Faults: SealBroken. */
export async function openTokenSigner(
  { keyspace, keyring, world }: { readonly keyspace: Keyspace; readonly keyring: Keyring; readonly world: World },
  signal: AbortSignal,
): Promise<TokenSigner> {
  const kept = await rowsBelow(keyspace, TOKEN_KEYS, signal)
  if (kept.length === 0) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await putNew(keyspace, `${TOKEN_KEYS}first`, { key: keyring.seal(Buffer.from(pem), PLACE) }, signal)
  }
  const rows = kept.length === 0 ? await rowsBelow(keyspace, TOKEN_KEYS, signal) : kept
  const [newest = '', ...older] = rows.map(row => opened(row, keyring)).reverse()
  return TokenSigner.open(world, [newest, ...older])
}

const PLACE = 'token key'

function opened({ key }: Row, keyring: Keyring): PrivateKeyPem {
  return Buffer.from(keyring.open(String(key), PLACE)).toString()
}
