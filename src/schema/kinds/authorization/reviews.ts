import { defineResource } from '../../define.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const AUTHORIZATION = 'authorization.k8s.io'

/** Asks whether somebody may do something; answered, and never kept. */
export const subjectAccessReview = defineResource({
  group: AUTHORIZATION,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  isNamespaced: false,
  verbs: ['create'],
  shape: kubernetesShape('V1SubjectAccessReview'),
  hasController: true,
})

/** As a SubjectAccessReview, of one namespace. */
export const localSubjectAccessReview = defineResource({
  group: AUTHORIZATION,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  verbs: ['create'],
  shape: kubernetesShape('V1LocalSubjectAccessReview'),
  hasController: true,
})

/** Asks whether one may do something oneself; answered, and never kept. */
export const selfSubjectAccessReview = defineResource({
  group: AUTHORIZATION,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  isNamespaced: false,
  verbs: ['create'],
  shape: kubernetesShape('V1SelfSubjectAccessReview'),
  hasController: true,
})

/** Asks for all that one may do in a namespace; answered, and never kept. */
export const selfSubjectRulesReview = defineResource({
  group: AUTHORIZATION,
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  isNamespaced: false,
  verbs: ['create'],
  shape: kubernetesShape('V1SelfSubjectRulesReview'),
  hasController: true,
})
