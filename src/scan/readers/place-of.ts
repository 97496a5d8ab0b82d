// What kind of file a path (and the head of its text) is: it decides under which rule a secret in it is reported, and
// whether values without quotes are read there.
import type { Readable } from './reader.ts'

export interface Place {
  /** The rule for a value that stands in this place; null: the rule of code. */
  readonly ruleId: string | null
  /** True for configuration and text: `name: value` without quotes is an assignment. */
  readonly hasBareValues: boolean
}

const CI_PATHS =
  /(?:^|\/)(?:\.github\/workflows\/[^/]+\.ya?ml|\.gitlab-ci[^/]*\.ya?ml|\.circleci\/[^/]+\.ya?ml|Jenkinsfile[^/]*|azure-pipelines[^/]*\.ya?ml|\.azure-pipelines\/.+|\.travis\.ya?ml|appveyor\.ya?ml|bitbucket-pipelines\.ya?ml|\.drone\.ya?ml|buildkite\.ya?ml|\.buildkite\/.+|cloudbuild\.ya?ml|\.woodpecker[^/]*\.ya?ml)$/i
const ENV_PATHS = /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|\.envrc|\.flaskenv)$/i
const ENV_SAMPLES = /\.(?:example|sample|dist|template|tpl|defaults?)$/i
const DOCKERFILE = /(?:^|\/)(?:(?:Docker|Container)file[^/]*|[^/]+\.dockerfile)$/i
const COMPOSE = /(?:^|\/)(?:docker-|podman-)?compose[\w.-]*\.ya?ml$/i
const TERRAFORM = /\.(?:tfvars|tfvars\.json|tfstate|tfstate\.backup|auto\.tfvars)$/i
const LOG = /(?:\.log(?:\.\d+)?|\.out|[-_.]log\.txt)$/i
const BARE =
  /\.(?:ya?ml|properties|props|ini|cfg|cnf|conf|config|env|toml|txt|md|markdown|rst|adoc|asciidoc|sh|bash|zsh|fish|ps1|bat|cmd|log|service|hcl|tf|tfvars|desktop|list|csv|sql|template|tpl|j2|erb|example|sample|dist|local|rc|http|rest|1|in)$|(?:^|\/)\.?[\w-]+$/i
const YAML = /\.ya?ml$/i

export function placeOf(readable: Readable): Place {
  const { path, kind } = readable
  const hasBareValues = path === '' || BARE.test(path)
  if (kind === 'log' || LOG.test(path)) return { ruleId: 'log-secret', hasBareValues: true }
  if (ENV_PATHS.test(path) && !ENV_SAMPLES.test(path))
    return { ruleId: 'env-file-committed', hasBareValues: true }
  if (CI_PATHS.test(path)) return { ruleId: 'ci-plain-variable', hasBareValues: true }
  if (COMPOSE.test(path)) return { ruleId: 'compose-environment-literal', hasBareValues: true }
  if (TERRAFORM.test(path)) return { ruleId: 'terraform-variable-secret', hasBareValues }
  if (DOCKERFILE.test(path)) return { ruleId: 'dockerfile-env-secret', hasBareValues: true }
  if (kind === 'kubernetes') return { ruleId: 'configmap-secret', hasBareValues: true }
  if (YAML.test(path) && /^kind:[ \t]*["']?ConfigMap/m.test(readable.text))
    return { ruleId: 'configmap-secret', hasBareValues: true }
  return { ruleId: null, hasBareValues }
}
