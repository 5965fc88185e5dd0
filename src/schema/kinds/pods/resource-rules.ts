import { CONTAINER_RESOURCES, isHugePages, mayBeOvercommitted } from '../../facts/resource-names.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, listAt, textAt, wordOf } from '../../json.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'
import { oneOf } from '../../rules.ts'
import { namedAmountErrors } from '../core/amounts.ts'

// k8s.io/kubernetes/pkg/apis/core/validation validateResourceRequirements, validateResizePolicy.

/** What is wrong with what is requested and what is allowed of resources such as cpu and memory. */
export function resourceErrors(resources: Json | undefined, field: string): readonly FieldError[] {
  const [limits, requests] = [jsonAt(resources, 'limits'), jsonAt(resources, 'requests')]
  const names = [limits, requests].flatMap(each => Object.keys(isJsonObject(each) ? each : {}))
  const isLonely = names.some(isHugePages) && !names.some(name => name === 'cpu' || name === 'memory')
  return [
    ...namedAmountErrors(limits, `${field}.limits`, KNOWN),
    ...namedAmountErrors(requests, `${field}.requests`, KNOWN),
    ...Object.entries(isJsonObject(requests) ? requests : {}).flatMap(([name, value]) =>
      requestErrors(name, value, { limit: jsonAt(limits, name), field }),
    ),
    ...(isLonely ? [forbidden(field, 'HugePages require cpu or memory')] : []),
  ]
}

const KNOWN = {
  isKnown: (name: string) => CONTAINER_RESOURCES.has(name) || isHugePages(name),
  rule: 'must be a standard resource for containers',
}

function requestErrors(
  name: string,
  value: Json | undefined,
  { limit, field }: { readonly limit: Json | undefined; readonly field: string },
): FieldError[] {
  const isElastic = mayBeOvercommitted(name)
  if (limit === undefined) {
    const rule = 'Limit must be set for non overcommitable resources'
    return isElastic ? [] : [required(`${field}.limits`, rule)]
  }
  const [wanted, allowed] = [quantityOf(value), quantityOf(limit)]
  const order = wanted === undefined || allowed === undefined ? 0 : compareQuantities(wanted, allowed)
  if (order === 0 || (order < 0 && isElastic)) return []
  const bound = isElastic ? 'less than or equal to' : 'equal to'
  return [invalid(`${field}.requests`, value, `must be ${bound} ${name} limit of ${wordOf(limit)}`)]
}

/** What is wrong with how a container is told of other amounts; `policy` is what its pod does when it ends. */
export function resizePolicyErrors(container: Json, policy: Json | undefined, field: string): FieldError[] {
  const seen = new Set<string>()
  return listAt(container, 'resizePolicy').flatMap((each, index) => {
    const [name, restart] = [textAt(each, 'resourceName') ?? '', textAt(each, 'restartPolicy') ?? '']
    const isTwice = seen.has(name)
    seen.add(name)
    const isKept = policy === 'Never' && restart !== 'NotRequired'
    const rule = "must be 'NotRequired' when `restartPolicy` is 'Never'"
    return [
      ...(isTwice ? [duplicate(`${field}[${index}]`, name)] : []),
      ...(name === '' || restart === '' ? [required(field)] : []),
      ...(['', 'cpu', 'memory'].includes(name) ? [] : [notSupported(field, name, ['cpu', 'memory'])]),
      ...(restart === '' ? [] : oneOf({ [field]: restart }, field, ['NotRequired', 'RestartContainer'], '')),
      ...(isKept ? [invalid(field, restart, rule)] : []),
    ]
  })
}

/** What is wrong with amounts by name: none is below zero. */
export function amountErrors(amounts: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(amounts)) return []
  return Object.entries(amounts).flatMap(([name, value]) => {
    const quantity = quantityOf(value)
    const isBelow = quantity !== undefined && quantity.nanos < 0n
    return isBelow ? [invalid(`${field}[${name}]`, value, 'must be greater than or equal to 0')] : []
  })
}
