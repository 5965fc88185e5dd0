import { createRequire } from 'node:module'
import { assert } from '#base'
import { fault } from '../faults.ts'

type Native = (...values: readonly unknown[]) => unknown

/** The C functions used here. Loaded at the first call, on the main thread only. */
export interface Libc {
  readonly poll: (fds: Buffer, count: number, timeoutMs: number) => number
  /** Makes reads of a descriptor return at once. */
  readonly setNonBlocking: (fd: number) => void
  readonly loop: Loop
  /** Receives one descriptor sent through a socket (SCM_RIGHTS). */
  readonly receiveFd: (socket: number) => number
  readonly socketPair: () => readonly [number, number]
}

/** libuv's default loop, the one Node runs on its main thread. */
interface Loop {
  readonly backendFd: number
  /** Milliseconds until the next timer; 0 when there is work to do at once; -1 when there is none. */
  readonly timeoutMs: () => number
  /**
   * True when handles wait to be registered with epoll, which only a turn of the loop does. Undefined when this
   * build of libuv is laid out differently.
   */
  readonly watchersWait: (() => boolean) | undefined
}

let loaded: Libc | undefined

/** The C library of this process. Faults: LibraryMissing. */
export function libc(): Libc {
  loaded ??= load()
  return loaded
}

function load(): Libc {
  const koffi = loadKoffi()
  const process = koffi.load(null)
  const poll = process.func('int poll(_Inout_ uint8_t *fds, unsigned long count, int timeout)')
  const fcntl = process.func('int fcntl(int fd, int command, long value)')
  const socketpair = process.func('int socketpair(int domain, int type, int protocol, _Out_ int32_t *fds)')
  return {
    poll: (fds, count, timeoutMs) => poll(fds, count, timeoutMs),
    setNonBlocking: fd => {
      const flags: number = fcntl(fd, F_GETFL, 0)
      assert(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) === 0, 'fcntl(O_NONBLOCK) failed')
    },
    loop: openLoop(koffi, process),
    receiveFd: receiver(koffi, process),
    socketPair: () => {
      const fds = new Int32Array(2)
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) !== 0)
        throw fault('MountFailed', 'socketpair(2) failed')
      return [fds[0] ?? -1, fds[1] ?? -1]
    },
  }
}

const F_GETFL = 3
const F_SETFL = 4
const O_NONBLOCK = 0o4000
const AF_UNIX = 1
const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SCM_RIGHTS = 1

type Koffi = typeof import('koffi')
type Library = ReturnType<Koffi['load']>

// koffi is a CommonJS module with native code: `require` loads it at the first use, synchronously.
function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi')
  } catch (cause) {
    throw fault('LibraryMissing', 'the koffi package does not load', { hint: 'Run npm install again.', cause })
  }
}

function openLoop(koffi: Koffi, process: Library): Loop {
  const loop: bigint = process.func('void *uv_default_loop()')()
  const backendFd: number = process.func('int uv_backend_fd(void *loop)')(loop)
  const updateTime: Native = process.func('void uv_update_time(void *loop)')
  const timeout = process.func('int uv_backend_timeout(void *loop)')
  return {
    backendFd,
    timeoutMs: () => {
      updateTime(loop)
      return timeout(loop)
    },
    watchersWait: watchersOf(koffi, loop, backendFd),
  }
}

// `uv_loop_t` on 64 bits (uv.h, uv/unix.h; unchanged since libuv 1.0): backend_fd at 64, watcher_queue at 88, a list
// head that points at itself when empty. The descriptor's place is checked, so another layout is noticed.
function watchersOf(koffi: Koffi, loop: bigint, backendFd: number): Loop['watchersWait'] {
  const memory = new DataView(koffi.view(loop, WATCHER_QUEUE + 16))
  if (memory.getInt32(BACKEND_FD, true) !== backendFd) return undefined
  const itself = loop + BigInt(WATCHER_QUEUE)
  return () => memory.getBigUint64(WATCHER_QUEUE, true) !== itself
}

const BACKEND_FD = 64
const WATCHER_QUEUE = 88

// Programs started later must not hold a mount alive.
const MSG_CMSG_CLOEXEC = 0x40000000
const SOCK_CLOEXEC = 0o2000000

// `struct msghdr` and `struct cmsghdr` of 64-bit Linux, by hand: one byte of data, one descriptor.
function receiver(koffi: Koffi, process: Library): Libc['receiveFd'] {
  return socket => {
    const recvmsg = process.func('long recvmsg(int fd, _Inout_ uint8_t *message, int flags)')
    const [data, vector, control, message] = [Buffer.alloc(8), Buffer.alloc(16), Buffer.alloc(24), Buffer.alloc(56)]
    vector.writeBigUInt64LE(koffi.address(data), 0)
    vector.writeBigUInt64LE(1n, 8)
    message.writeBigUInt64LE(koffi.address(vector), 16)
    message.writeBigUInt64LE(1n, 24)
    message.writeBigUInt64LE(koffi.address(control), 32)
    message.writeBigUInt64LE(BigInt(control.byteLength), 40)
    const got: number = recvmsg(socket, message, MSG_CMSG_CLOEXEC)
    const isDescriptor = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS
    if (got <= 0 || !isDescriptor) throw fault('MountFailed', 'fusermount3 sent no descriptor')
    return control.readInt32LE(16)
  }
}
