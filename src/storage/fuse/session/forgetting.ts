import type { ByteString } from '#base'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { BATCH_FORGET_IN, FORGET_IN, FORGET_ONE } from '../codec/requests.ts'
import { type Context, inoOf, operation, type Request } from './operation.ts'

/** READLINK: the target, without a NUL byte. */
export const readlink = operation<ByteString>({
  interruptible: 'dying',
  run: ({ vfs }, request) => vfs.readLink(request.ino),
  encode: (_context, target, out) => out.write(target, PAYLOAD, 'latin1'),
})

/** FORGET: has no reply. */
export function forget({ lookups }: Context, request: Request): void {
  lookups.forget(request.ino, FORGET_IN.read(request.bytes, BODY).nlookup)
}

/** BATCH_FORGET: many FORGETs in one message, without a reply. */
export function batchForget({ lookups }: Context, request: Request): void {
  const { count } = BATCH_FORGET_IN.read(request.bytes, BODY)
  const first = BODY + BATCH_FORGET_IN.size
  for (let i = 0; i < count; i++) {
    const { nodeid, nlookup } = FORGET_ONE.read(request.bytes, first + i * FORGET_ONE.size)
    lookups.forget(inoOf(nodeid), nlookup)
  }
}
