import { defineResource, kubernetesShape, type Resource } from '#schema'

/** Questions about who may do what; asked by create, and never stored. */
export const REVIEW_RESOURCES: readonly Resource[] = [
  review('authorization.k8s.io', 'SelfSubjectAccessReview', false),
  review('authorization.k8s.io', 'SubjectAccessReview', false),
  review('authorization.k8s.io', 'LocalSubjectAccessReview', true),
  review('authorization.k8s.io', 'SelfSubjectRulesReview', false),
  review('authentication.k8s.io', 'SelfSubjectReview', false),
]

function review(group: string, kind: string, isNamespaced: boolean): Resource {
  return defineResource({
    group,
    kind,
    plural: `${kind.toLowerCase()}s`,
    isNamespaced,
    shape: kubernetesShape(`V1${kind}`),
    verbs: ['create'],
    hasController: true,
  })
}
