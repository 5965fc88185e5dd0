// `node tools/limits.ts`: writes LIMITS.md anew from the limits.ts of each room.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limitsPage } from './tidy/limits.ts'
import { readTree, root } from './tidy/tree.ts'

writeFileSync(join(root, 'LIMITS.md'), limitsPage(readTree()))
