import * as sys from './sys/index.ts'

/** Removes whatever is at the path, to the bottom, names being bytes and directories possibly closed. */
export function removeTree(path: sys.Path): void {
  const bytes = typeof path === 'string' ? Buffer.from(path) : path
  const parent = Buffer.from('..')
  if (sys.lstat(bytes).type !== sys.S_IFDIR) return sys.unlink(bytes)
  sys.chmod(bytes, 0o700)
  // One level at a time by changing into it: a tree may be deeper than any path.
  sys.chdir(bytes)
  for (let left = listHere(); left.length > 0; left = listHere()) {
    for (const { name, type } of left) {
      if (type === DT_DIR) removeTree(name)
      else sys.unlink(name)
    }
  }
  sys.chdir(parent)
  sys.rmdir(bytes)
}

const DT_DIR = 4

function listHere(): sys.Dirent[] {
  const fd = sys.open('.', sys.O_RDONLY | sys.O_DIRECTORY)
  try {
    const found: sys.Dirent[] = []
    for (let block = sys.getdents(fd); block.length > 0; block = sys.getdents(fd)) found.push(...block)
    return found.filter(({ name }) => !name.equals(Buffer.from('.')) && !name.equals(Buffer.from('..')))
  } finally {
    sys.close(fd)
  }
}
