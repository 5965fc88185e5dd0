// k8s.io/apimachinery/pkg/util/validation: what names may be. Each answers what is wrong in its words, or undefined.

/** A DNS subdomain: most objects' names. RFC 1123. */
export function subdomainProblem(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters'
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_RULE
}

/** A DNS label: names of namespaces and services, and of what becomes a host's name. RFC 1123. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters'
  return LABEL.test(name) ? undefined : LABEL_RULE
}

/** A DNS label that begins with a letter: names of services. RFC 1035. */
export function serviceNameProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters'
  return SERVICE.test(name) ? undefined : SERVICE_RULE
}

/** A name that is one segment of a path: roles and bindings. */
export function segmentProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`
  return /[/%]/.test(name) ? "may not contain '/' or '%'" : undefined
}

/** A key of a label or annotation: a name of at most 63 characters, behind a DNS subdomain and a slash or not. */
export function qualifiedNameProblem(key: string): string | undefined {
  const parts = key.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2) return KEY_RULE
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (prefix === '') return 'prefix part must be non-empty'
  const problem = prefix === undefined ? undefined : subdomainProblem(prefix)
  if (problem !== undefined) return `prefix part ${problem}`
  if (name === '') return 'name part must be non-empty'
  if (name.length > 63) return 'name part must be no more than 63 characters'
  return QUALIFIED.test(name) ? undefined : `name part ${QUALIFIED_RULE}`
}

/** A label's value. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters'
  return value === '' || QUALIFIED.test(value) ? undefined : VALUE_RULE
}

/** A key of a ConfigMap or Secret. */
export function dataKeyProblem(key: string): string | undefined {
  if (key.length > 253) return 'must be no more than 253 characters'
  if (key === '.' || key === '..') return `must not be '${key}'`
  if (key.startsWith('..')) return "must not start with '..'"
  return /^[-._a-zA-Z0-9]+$/.test(key) ? undefined : DATA_KEY_RULE
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const SERVICE = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/

const SUBDOMAIN_RULE = rule(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`,
)
const LABEL_RULE = rule(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
  '[a-z0-9]([-a-z0-9]*[a-z0-9])?',
)
const SERVICE_RULE = rule(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
  '[a-z]([-a-z0-9]*[a-z0-9])?',
)
const QUALIFIED_RULE = rule(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
)
const KEY_RULE = `a qualified name ${QUALIFIED_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
const VALUE_RULE = rule(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
  '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
)
const DATA_KEY_RULE = rule(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  '[-._a-zA-Z0-9]+',
)

// As RegexError has it, with its two spaces.
function rule(text: string, examples: readonly string[], expression: string): string {
  const shown = examples.map(example => `'${example}', `).join(' or ')
  return `${text} (e.g. ${shown}regex used for validation is '${expression}')`
}
