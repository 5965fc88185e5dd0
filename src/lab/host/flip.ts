// Flips one bit in each of so many bytes of the files of a folder, spread over all of them: `flip.ts FOLDER COUNT`. Says how
// many it flipped. This is what a disk does that rots.
import fs from 'node:fs'
import path from 'node:path'

const [folder = '', count = '1'] = process.argv.slice(2)
const files = fs.existsSync(folder) ? fs.readdirSync(folder).map(name => path.join(folder, name)) : []
const sizes = files.map(file => fs.statSync(file).size)
const bytesAll = sizes.reduce((sum, bytes) => sum + bytes, 0)
const wanted = Math.min(Number(count), bytesAll)
for (let index = 0; index < wanted; index++) {
  flip(Math.floor(((index + Math.random()) * bytesAll) / wanted))
}
process.stdout.write(`${wanted}\n`)

function flip(position: number): void {
  let [index, offset] = [0, position]
  while (offset >= (sizes[index] ?? 0)) offset -= sizes[index++] ?? 0
  const fd = fs.openSync(files[index] ?? '', 'r+')
  const byte = Buffer.alloc(1)
  fs.readSync(fd, byte, 0, 1, offset)
  byte.writeUInt8(byte.readUInt8() ^ (1 << Math.floor(Math.random() * 8)))
  fs.writeSync(fd, byte, 0, 1, offset)
  fs.fsyncSync(fd)
  fs.closeSync(fd)
}
