import fs from 'node:fs'
import koffi from 'koffi'

/**
 * Makes a TAP device (Documentation/networking/tuntap.rst) in this process's network namespace and answers its descriptor;
 * it goes when the descriptor is closed. Each read or write is one Ethernet frame.
 */
export function openTap(name: string): number {
  const fd = fs.openSync('/dev/net/tun', 'r+')
  // struct ifreq: 16 bytes of name, then the flags.
  const request = Buffer.alloc(40)
  request.write(name, 0, 15, 'latin1')
  request.writeInt16LE(IFF_TAP | IFF_NO_PI, 16)
  const ioctl = koffi.load(null).func('int ioctl(int, unsigned long, void *)')
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`no TAP device ${name}: errno ${koffi.errno()}`)
  return fd
}

// linux/if_tun.h
const TUNSETIFF = 0x400454ca
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
