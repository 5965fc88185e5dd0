import { Environment } from '@marcbachmann/cel-js'
import { Cidr, IpAddress } from './addresses.ts'
import { LIST_ITEMS, listFunctions } from './lists.ts'
import { registerMacros } from './macros.ts'
import { NamedFormat } from './named-formats.ts'
import { FORMATS, NETWORKS, QUANTITIES, SEMVERS, SETS, URLS } from './libraries.ts'
import { Quantity } from './quantity.ts'
import { RuleUrl } from './rule-url.ts'
import { keyOf } from './same.ts'
import { Semver } from './semver.ts'
import { STRINGS } from './strings.ts'
import { OPTIONALS } from './values.ts'

/**
 * CEL with Kubernetes' libraries (kubernetes.io/docs/reference/using-api/cel): lists, strings, regular expressions, sets,
 * quantities, URLs, addresses, named formats, versions, optionals and macros of two variables. A rule that calls another
 * function is refused when its definition is made.
 */
export function ruleEnvironment(): Environment {
  made ??= makeEnvironment()
  return made.clone()
}

let made: Environment | undefined

function makeEnvironment(): Environment {
  const env = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: AST_NODES_MAX, maxDepth: AST_DEPTH_MAX },
  })
  for (const [name, type] of Object.entries(TYPES)) env.registerType(`kubernetes.${name}`, type)
  for (const [word, Namespace] of Object.entries(NAMESPACES)) {
    env.registerType(`kubernetes.${word}`, Namespace)
    env.registerConstant(word, `kubernetes.${word}`, new Namespace())
  }
  for (const [name, same] of Object.entries(SAME)) {
    env.registerOperator(`kubernetes.${name} == kubernetes.${name}`, same)
  }
  const functions = [
    STRINGS,
    QUANTITIES,
    URLS,
    SETS,
    NETWORKS,
    FORMATS,
    SEMVERS,
    OPTIONALS,
    ...LIST_ITEMS.map(listFunctions),
  ]
  for (const library of functions) {
    for (const [signature, run] of Object.entries(library)) env.registerFunction(signature, run)
  }
  registerMacros(env)
  return env
}

const TYPES = { Quantity, URL: RuleUrl, IP: IpAddress, CIDR: Cidr, NamedFormat, Semver }

// What stands before the dot in `sets.contains(a, b)`.
const NAMESPACES = {
  sets: class Sets {},
  ip: class Ips {},
  format: class Formats {},
  strings: class Strings {},
}

const SAME = {
  Quantity: (a: Quantity, b: Quantity) => a.compareTo(b) === 0,
  URL: (a: RuleUrl, b: RuleUrl) => a.equals(b),
  IP: (a: IpAddress, b: IpAddress) => a.equals(b),
  CIDR: (a: Cidr, b: Cidr) => a.equals(b),
  Semver: (a: Semver, b: Semver) => a.compareTo(b) === 0,
  NamedFormat: (a: NamedFormat, b: NamedFormat) => keyOf(a) === keyOf(b),
}

const AST_NODES_MAX = 5000
const AST_DEPTH_MAX = 100
