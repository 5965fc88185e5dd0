import { FIELD_MANAGER_BYTES_MAX } from '../limits.ts'
import { refuseInvalid } from '../refusal.ts'

/**
 * Who a write is noted for: the parameter `fieldManager`, else the User-Agent up to its first `/`, as in Kubernetes. An
 * apply must name him. Faults: Invalid.
 */
export function fieldManagerOf(
  query: URLSearchParams,
  userAgent: string | null,
  options: { readonly kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'; readonly isApply: boolean },
): string {
  const named = query.get('fieldManager') ?? ''
  const problem = problemOf(named, options.isApply)
  if (problem !== undefined) refuse(options.kind, 'fieldManager', problem)
  if (!options.isApply && query.has('force')) {
    refuse(options.kind, 'force', 'Forbidden: may not be specified for non-apply patch')
  }
  if (named !== '') return named
  const agent = Array.from((userAgent ?? '').split('/', 1)[0] ?? '').filter(char => !UNPRINTABLE.test(char))
  return agent.slice(0, FIELD_MANAGER_BYTES_MAX).join('') || 'unknown'
}

function problemOf(named: string, isApply: boolean): string | undefined {
  if (named === '') return isApply ? 'Required value: is required for apply patch' : undefined
  if (Buffer.byteLength(named) > FIELD_MANAGER_BYTES_MAX) {
    return `Too long: may not be more than ${FIELD_MANAGER_BYTES_MAX} bytes`
  }
  return UNPRINTABLE.test(named)
    ? `Invalid value: ${JSON.stringify(named)}: should only contain printable characters`
    : undefined
}

function refuse(kind: string, field: string, message: string): void {
  const reason = message.startsWith('Required') ? 'FieldValueRequired' : 'FieldValueInvalid'
  refuseInvalid({ group: 'meta.k8s.io', kind, name: '' }, [{ field, reason, message }])
}

// Control characters, format characters, and halves of characters.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u
