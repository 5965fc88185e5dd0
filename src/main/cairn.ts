import { enableCompileCache } from 'node:module'
import path from 'node:path'

// The `cairn` command. Everything is loaded when it is known what is wanted: long-running processes stay small that way.
// Beside the packages, never in a shared temporary folder where others could plant code. Processes started from this
// one read their first file from there too.
process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compile')
enableCompileCache(process.env['NODE_COMPILE_CACHE'])

const { guardOutput } = await import('./output.ts')
const { machineWorld } = await import('#host')
const [verb, ...words] = process.argv.slice(2)
const isStorage = verb === 'storage' && process.connected
const isControl = verb === 'control' && process.connected
const isMesh = verb === 'mesh' && process.connected
guardOutput(isStorage || isControl || isMesh || verb === 'supervise')
if (isStorage) {
  const { runStorage } = await import('./storage/run.ts')
  await runStorage(machineWorld)
} else if (isControl) {
  const { runControl } = await import('./control/run.ts')
  await runControl(machineWorld)
} else if (isMesh) {
  const { runMesh } = await import('./mesh/run.ts')
  await runMesh(machineWorld)
} else if (verb === 'supervise') {
  const { superviseByWords } = await import('./supervisor/start.ts')
  process.exitCode = await superviseByWords(words, machineWorld)
} else if (verb === 'compile') {
  const { compile } = await import('./compile.ts')
  await compile(words[0])
} else {
  const { runCli } = await import('#cli')
  const { cairnVersion } = await import('./version.ts')
  const { labs, simulatedNodes } = await import('./lab/verbs.ts')
  process.exitCode = await runCli(process.argv.slice(2), {
    clock: machineWorld.clock,
    version: cairnVersion(),
    async up(options) {
      const { becomeSupervisor } = await import('./supervisor/start.ts')
      becomeSupervisor(options)
    },
    join: async words => (await import('./joining/join.ts')).joinCloud(words, machineWorld),
    findControllers: async signal => (await import('./discovery/find.ts')).findControllers(machineWorld.clock, signal),
    joinFound: async (words, person, signal) =>
      (await import('./joining/join-found.ts')).joinFound(words, person, machineWorld, signal),
    keyspace: {
      backup: async (given, tell, signal) =>
        (await import('./keyspace/verbs.ts')).backupKeyspace(given, { world: machineWorld, tell }, signal),
      restore: async (given, tell, signal) =>
        (await import('./keyspace/restore.ts')).restoreKeyspace(given, { world: machineWorld, tell }, signal),
      migrate: async (given, tell, signal) =>
        (await import('./keyspace/verbs.ts')).migrateControl(given, { world: machineWorld, tell }, signal),
      recover: async (given, signal) =>
        (await import('./keyspace/recover.ts')).recoverControl(given, { world: machineWorld }, signal),
    },
    key: {
      show: async () => (await import('./keys/phrase.ts')).keyPhrases.show(),
      restore: async phrase => (await import('./keys/phrase.ts')).keyPhrases.restore(phrase),
    },
    labs,
    simulatedNodes,
  })
}
