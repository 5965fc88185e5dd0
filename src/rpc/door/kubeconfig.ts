/** What a kubeconfig says (k8s.io/client-go/tools/clientcmd/api/v1). */
export interface KubeconfigFacts {
  readonly url: string
  readonly authorityPem: string
  readonly user: string
  readonly certificatePem: string
  readonly keyPem: string
}

/** A kubeconfig with one cluster, one user and one context, as YAML that Cairn and people read line by line. */
export function kubeconfigText({ url, authorityPem, user, certificatePem, keyPem }: KubeconfigFacts): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: cairn
  cluster:
    server: ${url}
    certificate-authority-data: ${base64(authorityPem)}
users:
- name: ${JSON.stringify(user)}
  user:
    client-certificate-data: ${base64(certificatePem)}
    client-key-data: ${base64(keyPem)}
contexts:
- name: ${JSON.stringify(`${user}@cairn`)}
  context:
    cluster: cairn
    user: ${JSON.stringify(user)}
current-context: ${JSON.stringify(`${user}@cairn`)}
`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
