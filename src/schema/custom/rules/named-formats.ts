import {
  labelProblem,
  labelValueProblem,
  qualifiedNameProblem,
  serviceNameProblem,
  subdomainProblem,
} from '../../names.ts'
import { isOfFormat } from '../formats.ts'

/** A format by its name, as `format.dns1123Label()` answers it. */
export class NamedFormat {
  readonly name: string
  readonly problem: (text: string) => string | undefined

  constructor(name: string, problem: NamedFormat['problem']) {
    this.name = name
    this.problem = problem
  }
}

/** The formats that rules may name (k8s.io/apiserver/pkg/cel/library Format). */
export const NAMED_FORMATS: ReadonlyMap<string, NamedFormat> = new Map(
  Object.entries({
    dns1123Label: labelProblem,
    dns1123Subdomain: subdomainProblem,
    dns1035Label: serviceNameProblem,
    qualifiedName: qualifiedNameProblem,
    dns1123LabelPrefix: prefixed(labelProblem),
    dns1123SubdomainPrefix: prefixed(subdomainProblem),
    dns1035LabelPrefix: prefixed(serviceNameProblem),
    labelValue: labelValueProblem,
    uri: (text: string) => (isUri(text) ? undefined : 'invalid URI for request'),
    uuid: ofFormat('uuid', 'does not match the UUID format'),
    byte: ofFormat('byte', 'invalid base64'),
    date: ofFormat('date', 'invalid date'),
    datetime: ofFormat('datetime', 'invalid datetime'),
  }).map(([name, problem]) => [name, new NamedFormat(name, problem)]),
)

// What generated names begin with may end with a dash.
function prefixed(problem: (text: string) => string | undefined): (text: string) => string | undefined {
  return text => problem(text.endsWith('-') && text.length > 1 ? `${text.slice(0, -1)}a` : text)
}

function ofFormat(format: string, why: string): (text: string) => string | undefined {
  return text => (isOfFormat(format, text) ? undefined : why)
}

function isUri(text: string): boolean {
  return isOfFormat('uri', text) && (text.startsWith('/') || URL.canParse(text))
}
