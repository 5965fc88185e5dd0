import { defineResource } from '../../define.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const AUTHENTICATION = 'authentication.k8s.io'

/** Asks whose a token is; answered, and never kept. */
export const tokenReview = defineResource({
  group: AUTHENTICATION,
  kind: 'TokenReview',
  plural: 'tokenreviews',
  isNamespaced: false,
  verbs: ['create'],
  shape: kubernetesShape('V1TokenReview'),
  hasController: true,
})

/** Asks who one is; answered, and never kept. */
export const selfSubjectReview = defineResource({
  group: AUTHENTICATION,
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  isNamespaced: false,
  verbs: ['create'],
  shape: kubernetesShape('V1SelfSubjectReview'),
  hasController: true,
})
