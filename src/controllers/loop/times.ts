import type { Clock } from '#base'
import { type Json, textAt } from '#schema'

/** The time as Kubernetes writes it, to the second (k8s.io/apimachinery/pkg/apis/meta/v1 Time). */
export function timeText(clock: Clock): string {
  return `${isoText(clock).slice(0, 19)}Z`
}

/** The time to the microsecond (k8s.io/apimachinery/pkg/apis/meta/v1 MicroTime). */
export function microTimeText(clock: Clock): string {
  return `${isoText(clock).slice(0, 23)}000Z`
}

/** Milliseconds since 1970 of the first of these fields that holds a time; undefined when none does. */
export function timeAt(object: Json, ...paths: readonly (readonly string[])[]): number | undefined {
  return paths.map(path => Date.parse(textAt(object, ...path) ?? '')).find(ms => !Number.isNaN(ms))
}

/** Milliseconds since 1970, as the machine believes. */
export function wallMs(clock: Clock): number {
  return Number(clock.wallNs() / 1_000_000n)
}

function isoText(clock: Clock): string {
  return new Date(wallMs(clock)).toISOString()
}
