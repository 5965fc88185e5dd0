import { type FieldError, notSupported, required } from '../../field-error.ts'
import type { Json } from '../../json.ts'

const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** Who may mount a volume, and how, in the short words that kubectl shows. */
export function accessModesText(modes: Json | undefined): string {
  const given = new Set(Array.isArray(modes) ? modes : [])
  const known = Object.entries(SHORT).filter(([mode]) => given.has(mode))
  return known.map(([, short]) => short).join(',')
}

/** What is wrong with the ways a volume may be mounted. */
export function accessModeErrors(modes: Json | undefined, field: string): readonly FieldError[] {
  const given: readonly Json[] = Array.isArray(modes) ? modes : []
  if (given.length === 0) return [required(field, 'at least 1 access mode is required')]
  return given.flatMap(mode =>
    typeof mode === 'string' && Object.hasOwn(SHORT, mode)
      ? []
      : [notSupported(field, mode, Object.keys(SHORT).sort())],
  )
}
