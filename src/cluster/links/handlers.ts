import { answerUnary, type Handler, message } from '#rpc'
import { clusterBeat, clusterMap } from '../methods/beat.ts'
import type { Links } from './links.ts'
import type { Wire } from './machine-connection.ts'

/** What every machine answers to one other over one connection. `newer` hears that the other has a newer map. */
export function linkHandlers(
  links: Links,
  { subject: { name }, host }: Pick<Wire, 'subject' | 'host'>,
  newer: (map: { readonly name: string; readonly version: number }) => void,
): readonly Handler[] {
  return [
    answerUnary(clusterBeat, async ({ mapVersion, duplicate: ofThisOne, ...said }) => {
      links.stands(standing => standing.duplicated(name, ofThisOne))
      const { changes } = links.hearing
      const isUnknown = links.hearing.beat(name, { ...said, seenFrom: host })
      if (links.hearing.changes !== changes) links.changed.ring()
      if (mapVersion > links.map.version) newer({ name, version: mapVersion })
      const duplicate = links.hearing.duplicateOf(name)
      return message({
        mapVersion: links.map.version,
        wallMs: links.wallMs(),
        seenFrom: host,
        wantsReport: isUnknown && links.isController ? 'yes' : 'no',
        isLeading: links.leadership.isOwn,
        ...(duplicate === undefined ? {} : { duplicate }),
      })
    }),
    answerUnary(clusterMap, async params => links.mapAnswers.of(params?.since)),
  ]
}
