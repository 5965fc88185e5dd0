import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import { machineWorld } from '#host'
import { bytesOf } from '#base'
import type { EmbeddedOptions } from '../embedded.ts'
import { openEmbeddedKeyspace } from '../embedded.ts'
import type { KeyEvent, Keyspace, KeyValue, LocalKeyspace, Operation, WatchBatch } from '../keyspace.ts'
import { sqliteIndex } from '../sqlite/sqlite-index.ts'

/** A signal nobody aborts. */
export const never = new AbortController().signal

/** The machine without its log lines. */
export const quietWorld: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** The machine, and the warnings it was given. */
export function listeningWorld(): { world: World; warnings: string[] } {
  const warnings: string[] = []
  const warn = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    warnings.push(`${message} ${JSON.stringify(fields)}`)
  }
  return { world: { ...machineWorld, log: { info: () => undefined, warn } }, warnings }
}

/** A folder that goes away with the test. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyspace-'))
  return { path: folder, [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

/** Opens a keyspace in a folder. */
export function openIn(folder: string, options: Partial<EmbeddedOptions> = {}): Promise<LocalKeyspace> {
  return openEmbeddedKeyspace({ world: quietWorld, folder, index: sqliteIndex, syncEveryMs: 20, ...options })
}

/** A put of a text. */
export function put(key: string, value: string): Operation {
  return { kind: 'put', key, value: bytesOf(value) }
}

/** A delete of one key. */
export function del(key: string): Operation {
  return { kind: 'delete', keys: { kind: 'key', key } }
}

/** Commits through the asynchronous interface. */
export function txn(keyspace: Keyspace, ...then: Operation[]) {
  return keyspace.txn({ then }, never)
}

/** An entry as `key=value@created/modified/version`. */
export function show(entry: KeyValue): string {
  const { key, value, createRevision, modRevision, version } = entry
  return `${key}=${Buffer.from(value).toString('latin1')}@${createRevision}/${modRevision}/${version}`
}

/** An event as a short text. */
function showEvent(event: KeyEvent): string {
  const before = event.previous === undefined ? '' : ` was ${show(event.previous)}`
  return event.kind === 'put' ? `put ${show(event.entry)}${before}` : `delete ${event.key}@${event.revision}${before}`
}

/** The events of a watch until there are `count` of them. */
export async function take(watch: AsyncIterable<WatchBatch>, count: number): Promise<string[]> {
  const events: string[] = []
  for await (const batch of watch) {
    events.push(...batch.events.map(showEvent))
    if (events.length >= count) break
  }
  return events
}
