import type { World } from '#base'
import { answerDownload, answerUnary, type Handler, keyReplaceMaster, keyRotate, message } from '#rpc'
import { ROTATION_STEP_MS } from '../../limits.ts'
import type { Rotation } from './rotation.ts'

/** The keys of the cloud at the local door. */
export function rotationHandlers({
  world,
  rotation,
}: {
  readonly world: World
  readonly rotation: Rotation
}): readonly Handler[] {
  return [
    answerDownload(keyRotate, async function* ({ what }, { signal }) {
      if (what === 'tokens-now') await rotation.dropTokenKeys(signal)
      else await rotation.begin(what, signal)
      while (rotation.state.step !== 'idle') {
        yield message(rotation.state)
        await world.clock.sleep(ROTATION_STEP_MS, signal)
      }
      return message(undefined)
    }),
    answerUnary(keyReplaceMaster, async (_, { signal }) => {
      const replaced = await rotation.replaceMaster(signal)
      world.log.info('the master key was replaced', { file: replaced.file, id: replaced.id })
      return message(replaced)
    }),
  ]
}
