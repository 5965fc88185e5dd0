// k8s.io/apimachinery/pkg/util/validation: what names may be. Each answers what is wrong, or undefined.

/** A DNS subdomain: most objects' names. RFC 1123. */
export function subdomainProblem(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters'
  if (SUBDOMAIN.test(name)) return undefined
  return "must consist of lower case letters, digits, '-' and '.', and start and end with a letter or digit"
}

/** A DNS label: names of namespaces and services, and of what becomes a host's name. RFC 1123. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters'
  if (LABEL.test(name)) return undefined
  return "must consist of lower case letters, digits and '-', and start and end with a letter or digit"
}

/** A DNS label that begins with a letter: names of services. RFC 1035. */
export function serviceNameProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters'
  if (/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined
  return "must consist of lower case letters, digits and '-', start with a letter, and end with a letter or digit"
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
  if (parts.length > 2) return "must be a name, or a DNS subdomain, '/' and a name"
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (prefix !== undefined && subdomainProblem(prefix) !== undefined) return 'the prefix must be a DNS subdomain'
  if (name.length > 63) return 'the name must be no more than 63 characters'
  return QUALIFIED.test(name) ? undefined : NAME_RULE
}

/** A label's value. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters'
  return value === '' || QUALIFIED.test(value) ? undefined : NAME_RULE
}

/** A key of a ConfigMap or Secret. */
export function dataKeyProblem(key: string): string | undefined {
  if (key.length > 253) return 'must be no more than 253 characters'
  if (key === '.' || key.startsWith('..')) return "may not be '.' or begin with '..'"
  return /^[-._a-zA-Z0-9]+$/.test(key) ? undefined : "must consist of letters, digits, '-', '_' and '.'"
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const NAME_RULE = "must consist of letters, digits, '-', '_' and '.', and start and end with a letter or digit"
