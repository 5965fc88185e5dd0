import { isHugePages, QUOTA_RESOURCES, QUOTA_SCOPES, SCOPED_RESOURCES } from '../../facts/resource-names.ts'
import { type FieldError, invalid, required } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json, jsonAt, listAt, textAt, textsAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { namedAmountErrors } from './amounts.ts'

/** What is wrong with a ResourceQuota (k8s.io/kubernetes/pkg/apis/core/validation ValidateResourceQuota). */
export function quotaErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const [scopes, before] = [scopesOf(spec), scopesOf(jsonAt(old, 'spec'))]
  const isChanged = old !== undefined && !isSameJson([...scopes].sort(), [...before].sort())
  return [
    ...namedAmountErrors(jsonAt(spec, 'hard'), 'spec.hard', NAMES),
    ...['hard', 'used'].flatMap(name => namedAmountErrors(jsonAt(object, 'status', name), `status.${name}`, NAMES)),
    ...scopes.flatMap(scope => scopeErrors(spec, scope, { field: 'spec.scopes', shown: scopes })),
    ...pairErrors(new Set(scopes), scopes),
    ...selectorErrors(spec),
    ...(isChanged ? [invalid('spec.scopes', scopes, 'field is immutable')] : []),
  ]
}

const NAMES = {
  isKnown: (name: string) => QUOTA_RESOURCES.has(name) || isHugePages(name.replace(/^requests\./, '')),
  rule: 'must be a standard resource for quota',
}

function scopesOf(spec: Json | undefined): readonly string[] {
  return textsAt(spec, 'scopes')
}

function scopeErrors(
  spec: Json | undefined,
  scope: string,
  { field, shown }: { readonly field: string; readonly shown: unknown },
): readonly FieldError[] {
  if (!QUOTA_SCOPES.has(scope)) return [invalid(field, shown, 'unsupported scope')]
  const hard = jsonAt(spec, 'hard')
  const names = isJsonObject(hard) ? Object.keys(hard).sort() : []
  const isFor = (name: string) => (scope === 'BestEffort' ? name === 'pods' : SCOPED_RESOURCES.has(name))
  return names
    .filter(name => QUOTA_RESOURCES.has(name) && !isFor(name))
    .map(() => invalid(field, shown, 'unsupported scope applied to resource'))
}

function pairErrors(scopes: ReadonlySet<string>, shown: unknown): readonly FieldError[] {
  return ['BestEffort', 'Terminating']
    .filter(scope => scopes.has(scope) && scopes.has(`Not${scope}`))
    .map(() => invalid('spec.scopes', shown, 'conflicting scopes'))
}

const AT = 'spec.scopeSelector.matchExpressions'
const EXISTS =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

function selectorErrors(spec: Json | undefined): readonly FieldError[] {
  const rules = listAt(spec, 'scopeSelector', 'matchExpressions')
  const scopes = rules.map(rule => textAt(rule, 'scopeName') ?? '')
  return [...rules.flatMap(rule => ruleErrors(spec, rule)), ...pairErrors(new Set(scopes), scopes)]
}

function ruleErrors(spec: Json | undefined, rule: Json): readonly FieldError[] {
  const [scope, operator] = [textAt(rule, 'scopeName') ?? '', textAt(rule, 'operator') ?? '']
  const values = listAt(rule, 'values')
  const isFlag = scope !== 'PriorityClass' && QUOTA_SCOPES.has(scope)
  const errors = QUOTA_SCOPES.has(scope)
    ? [...scopeErrors(spec, scope, { field: AT, shown: jsonAt(spec, 'scopeSelector') })]
    : [invalid(`${AT}.scopeName`, scope, 'unsupported scope')]
  if (isFlag && operator !== 'Exists') errors.push(invalid(`${AT}.operator`, operator, EXISTS))
  const isSet = operator === 'In' || operator === 'NotIn'
  if (!isSet && operator !== 'Exists' && operator !== 'DoesNotExist') {
    return [...errors, invalid(`${AT}.operator`, operator, 'not a valid selector operator')]
  }
  const none = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
  const some = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
  if (isSet && values.length === 0) errors.push(required(`${AT}.values`, none))
  if (!isSet && values.length > 0) errors.push(invalid(`${AT}.values`, values, some))
  return errors
}
