import type { Links } from '#cluster'
import type { CheckRow } from '#rpc'

const NAME = 'cloud'
const REMOVED =
  'To take it in again: cairn token create --role node on a controller; then here: cairn join, with a new data folder.'
const COPIED =
  'Was a disk copied? Then stop the Cairn on the copy, and join it with a data folder and a token of its own (cairn join TOKEN --data FOLDER).'

/** How this machine stands in its cloud, and what is wrong with others as seen from here, for `cairn doctor`. */
export function cloudCheck(links: Links): CheckRow {
  const { refusal, ownDuplicate, own } = links
  if (refusal?.code === 'Removed') return { name: NAME, state: 'fail', detail: refusal.message, remedy: REMOVED }
  if (refusal !== undefined)
    return { name: NAME, state: 'fail', detail: refusal.message, remedy: refusal.hint ?? COPIED }
  if (ownDuplicate !== undefined) {
    const detail = `another machine shows the name of this one, ${own}, at ${ownDuplicate}: it is not let in`
    return { name: NAME, state: 'warn', detail, remedy: COPIED }
  }
  return othersCheck(links)
}

function othersCheck(links: Links): CheckRow {
  const others = links.states()
  for (const { name } of others) {
    const misfit = links.misfit(name)
    if (misfit !== undefined) {
      const remedy = misfit.hint ?? 'Update Cairn on all machines.'
      return { name: NAME, state: 'warn', detail: `${name}: ${misfit.message}`, remedy }
    }
    const host = links.hearing.duplicateOf(name)
    if (host !== undefined) {
      const detail = `two machines answer as ${name}; the one at ${host} is not let in`
      return { name: NAME, state: 'warn', detail, remedy: COPIED }
    }
  }
  const online = others.filter(({ state }) => state === 'Online').length
  const detail = others.length === 0 ? 'this machine alone' : `${online} of ${others.length} other machines are online`
  return { name: NAME, state: 'ok', detail }
}
