import { openMemoryKeyspace } from './memory.ts'
import { conformance } from './test/conformance.ts'
import { quietWorld } from './test/support.ts'

conformance('memory', async () => openMemoryKeyspace({ world: quietWorld }))
