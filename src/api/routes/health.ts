import { whyOf } from '#base'
import { HEALTH_SECONDS_MAX } from '../limits.ts'
import { deadline } from '../answers/deadlines.ts'
import type { Clock } from '#base'

/** Something that must work for the server to be ready; `check` throws when it does not. */
export interface HealthCheck {
  readonly name: string
  readonly check: (signal: AbortSignal) => Promise<void>
}

/** Answers `/readyz` and its like, `/readyz/CHECK`, `?verbose` and `exclude=` (k8s.io/apiserver/pkg/server/healthz). */
export async function answerHealth(
  parts: { readonly clock: Clock; readonly checks: readonly HealthCheck[] },
  path: string,
  query: URLSearchParams,
): Promise<Response | undefined> {
  const [root = '', name, more] = path.split('/').filter(segment => segment !== '')
  if (!['healthz', 'livez', 'readyz'].includes(root) || more !== undefined) return undefined
  const checks = root === 'livez' ? [] : parts.checks
  if (name === 'ping') return text(200, 'ok')
  const wanted = name === undefined ? checks : checks.filter(check => check.name === name)
  if (name !== undefined && wanted.length === 0) return undefined
  const excluded = new Set(query.getAll('exclude').flatMap(value => value.split(',')))
  using time = deadline(parts.clock, HEALTH_SECONDS_MAX * 1000, new AbortController().signal)
  const results = await Promise.all(wanted.map(check => resultOf(check, excluded, time.signal)))
  const isGood = results.every(result => result.isGood)
  if (isGood && !query.has('verbose')) return text(200, 'ok')
  const lines = ['[+]ping ok', ...results.map(result => result.line)]
  return text(isGood ? 200 : 500, `${lines.join('\n')}\n${root} check ${isGood ? 'passed' : 'failed'}\n`)
}

interface Result {
  readonly isGood: boolean
  readonly line: string
}

// Why a check fails is told to nobody: these paths are open to all.
async function resultOf(
  { name, check }: HealthCheck,
  excluded: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Result> {
  if (excluded.has(name)) return { isGood: true, line: `[+]${name} excluded: ok` }
  try {
    await withSignal(check(signal), signal)
    return { isGood: true, line: `[+]${name} ok` }
  } catch (error) {
    return { isGood: false, line: `[-]${name} failed: ${whyOf(error) === '' ? 'failed' : 'reason withheld'}` }
  }
}

function withSignal(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('took too long')), { once: true })
    work.then(resolve, reject)
  })
}

function text(status: number, body: string): Response {
  return new Response(body, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  })
}
