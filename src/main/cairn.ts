import { enableCompileCache } from 'node:module'

// The `cairn` command. Everything is loaded when it is known what is wanted: the supervisor stays small that way.
enableCompileCache()
for (const stream of [process.stdout, process.stderr]) {
  // Whoever read our output has gone: nobody is left to tell.
  stream.on('error', error => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
  })
}

if (process.argv[2] === 'storage' && process.connected) {
  const { machineWorld } = await import('#host')
  const { runStorage } = await import('./storage/run.ts')
  await runStorage(machineWorld)
} else {
  const { machineWorld } = await import('#host')
  const { runCli } = await import('#cli')
  const { cairnVersion } = await import('./version.ts')
  process.exitCode = await runCli(process.argv.slice(2), {
    clock: machineWorld.clock,
    version: cairnVersion(),
    async up(options) {
      const { runSupervisor } = await import('./supervisor/run.ts')
      await runSupervisor(options, machineWorld)
    },
  })
}
