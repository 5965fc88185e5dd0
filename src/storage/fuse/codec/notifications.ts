import { asBuffer, type ByteString, bytesOf } from '#base'
import type { Ino, Invalidation } from '#storage/fs'
import { OUT_HEADER, PAYLOAD } from './header.ts'
import { NOTIFY } from './opcodes.ts'
import { DELETE_OUT, INVAL_ENTRY_OUT, INVAL_INODE_OUT } from './replies.ts'

/** The message that tells the kernel about a change made elsewhere. */
export function invalidationMessage(change: Invalidation): Buffer {
  return change.kind === 'inode' ? invalInode(change.ino) : invalEntry(change.parent, change.name)
}

/** Drops attributes and all cached pages of an inode. */
export function invalInode(ino: Ino): Buffer {
  return message(NOTIFY.INVAL_INODE, INVAL_INODE_OUT.bytes({ ino, off: 0, len: 0 }))
}

/** Drops a cached name, present or absent. */
export function invalEntry(parent: Ino, name: ByteString): Buffer {
  return message(NOTIFY.INVAL_ENTRY, INVAL_ENTRY_OUT.bytes({ parent, namelen: name.length, flags: 0 }), name)
}

/** Says that a name was removed elsewhere, so that watchers hear of it. */
export function deleteEntry(parent: Ino, child: Ino, name: ByteString): Buffer {
  return message(NOTIFY.DELETE, DELETE_OUT.bytes({ parent, child, namelen: name.length, padding: 0 }), name)
}

/** Asks for every unanswered request again; they come with the resend bit in their number. */
export function resendMessage(): Buffer {
  return message(NOTIFY.RESEND, Buffer.alloc(0))
}

function message(code: number, payload: Uint8Array, name?: ByteString): Buffer {
  const tail = name === undefined ? Buffer.alloc(0) : Buffer.concat([bytesOf(name), Buffer.alloc(1)])
  const len = PAYLOAD + payload.byteLength + tail.byteLength
  const header = OUT_HEADER.bytes({ len, error: code, uniqueLow: 0, uniqueHigh: 0 })
  return Buffer.concat([header, asBuffer(payload), tail])
}
