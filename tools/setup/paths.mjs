import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The installed packages. */
export const modules = join(root, 'node_modules')

/** Where set-up works: its lock and the folder it installs into. Ignored by git, emptied after each install. */
export const workshop = join(root, '.setup')
