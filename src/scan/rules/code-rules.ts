// Rules for code hosts, package registries, builds and developers' tools.
import { allowed, type RuleExtras, ruleTable } from './rule-table.ts'

const OCTOKIT = allowed('secret', [], { paths: ['(?:^|/)@octokit/auth-token/README\\.md$'] })

const EXTRAS: Readonly<Record<string, RuleExtras>> = {
  'github-pat': {
    allowlists: [OCTOKIT],
    rotate:
      'Delete the token in the developer settings of its owner; use the GitHub App or short-lived tokens instead.',
  },
  'github-app-token': { allowlists: [OCTOKIT] },
  'nuget-config-password': {
    path: '(?i)nuget\\.config$',
    allowlists: [allowed('secret', ['^%\\S.*%$', '33f!!l', 'hal\\+9ooo'])],
  },
  'freemius-secret-key': { path: '(?i)\\.php$' },
}

export const CODE_RULES = ruleTable(
  String.raw`
github-pat  raw  (ghp_[a-zA-Z0-9]{36})  e3 kw=ghp_ check=base62-crc32  GitHub personal access token
github-fine-grained-pat  raw  (github_pat_\w{82})  e3 kw=github_pat_  GitHub fine-grained token
github-oauth  raw  (gho_[a-zA-Z0-9]{36})  e3 kw=gho_ check=base62-crc32  GitHub OAuth token
github-app-token  raw  (gh[us]_[a-zA-Z0-9]{36})  e3 kw=ghu_,ghs_ check=base62-crc32  GitHub App token
github-refresh-token  raw  (ghr_[a-zA-Z0-9]{36})  e3 kw=ghr_  GitHub refresh token
gitlab-pat  raw  (glpat-[\w-]{20})  e3 kw=glpat-  GitLab personal access token
gitlab-pat-routable  raw  \b(glpat-[\w-]{27,300}\.[0-9a-z]{2}(?:\.[0-9a-z]{2})?[0-9a-z]{7})\b  e4 kw=glpat-  GitLab personal access token
gitlab-cicd-job-token  raw  (glcbt-[a-zA-Z0-9]{1,5}_[\w-]{20})  e3 kw=glcbt-  GitLab job token
gitlab-deploy-token  raw  (gldt-[\w-]{20})  e3 kw=gldt-  GitLab deploy token
gitlab-feature-flag-client-token  raw  (glffct-[\w-]{20})  e3 kw=glffct-  GitLab feature flag client token
gitlab-feed-token  raw  (glft-[\w-]{20})  e3 kw=glft-  GitLab feed token
gitlab-incoming-mail-token  raw  (glimt-[\w-]{25})  e3 kw=glimt-  GitLab incoming mail token
gitlab-kubernetes-agent-token  raw  (glagent-[\w-]{50})  e3 kw=glagent-  GitLab agent token
gitlab-oauth-app-secret  raw  (gloas-[\w-]{64})  e3 kw=gloas-  GitLab OAuth application secret
gitlab-ptt  raw  (glptt-[a-f0-9]{40})  e3 kw=glptt-  GitLab pipeline trigger token
gitlab-rrt  raw  (GR1348941[\w-]{20})  e3 kw=gr1348941  GitLab runner registration token
gitlab-runner-authentication-token  raw  (glrt-[\w-]{20})  e3 kw=glrt-  GitLab runner token
gitlab-runner-authentication-token-routable  raw  \b(glrt-t\d_[\w-]{27,300}\.[0-9a-z]{9})\b  e4 kw=glrt-  GitLab runner token
gitlab-scim-token  raw  (glsoat-[\w-]{20})  e3 kw=glsoat-  GitLab SCIM token
gitlab-session-cookie  raw  _gitlab_session=([0-9a-z]{32})  e3 kw=_gitlab_session=  GitLab session cookie
bitbucket-client-id  name:bitbucket  <lo:32>  medium  Bitbucket client id
bitbucket-client-secret  name:bitbucket  <eq:64>  -  Bitbucket client secret
bitbucket-app-password  token  ATBB[a-zA-Z0-9]{24}[A-F0-9]{8}  e3.5  Bitbucket app password
bitbucket-repository-token  token  ATCTT3xFfG[\w=-]{150,200}  e4  Bitbucket access token
gitea-access-token  name:gitea|forgejo|codeberg  <hex:40>  e3  Gitea access token
gitter-access-token  name:gitter  [a-z0-9_-]{40}  -  Gitter access token
sourcegraph-access-token  raw  \b(sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40})\b|(?i)\bsourcegraph[\w.\t -]{0,24}["'\x60]?[ \t]{0,4}(?:[:?+]{0,3}=>?|:|>|,)[\s"'\x60=]{0,6}([a-f0-9]{40})\b  e3 kw=sgp_,sourcegraph  Sourcegraph access token
npm-access-token  token  npm_<an:36>  e2 ci check=base62-crc32  npm access token
pypi-upload-token  raw  (pypi-AgEIcHlwaS5vcmc[\w-]{50,1000})  e3 kw=pypi-ageichlwas5vcmc  PyPI upload token
test-pypi-upload-token  raw  (pypi-AgENdGVzdC5weXBpLm9yZ[\w-]{50,1000})  e3 kw=pypi-agendgvzdc5wexbplm9yz  TestPyPI upload token
rubygems-api-token  token  rubygems_<hex:48>  e2  RubyGems API key
crates-io-api-key  token  cio<an:32>  e3.7  crates registry token
clojars-api-token  token  CLOJARS_<lo:60>  e2 ci  Clojars deploy token
hex-api-key  name:hex_api|hexpm  <hex:32>  e3  Hex API key
packagist-api-token  token  packagist_(?:ack|acs|out|uut|oat)_<hex:60,80>  e3 kw=packagist_  Packagist API token
cloudsmith-api-key  token  csa_<hex:30><an:6>  e3  Cloudsmith API key
artifactory-api-key  token  AKCp<an:69>  e4.5  Artifactory API key
artifactory-reference-token  token  cmVmd<an:59>  e4.5  Artifactory reference token
jfrog-api-key  name:jfrog|artifactory|bintray|xray  <lo:73>  -  JFrog API key
jfrog-identity-token  name:jfrog|artifactory|bintray|xray  <lo:64>  -  JFrog identity token
nuget-config-password  raw  (?i)<add\s+key="(?:ClearText)?Password"\s*value="([^"]{8,})"\s*/>  e1 kw=<add  NuGet feed password
freemius-secret-key  raw  (?i)["']secret_key["']\s*=>\s*["'](sk_\S{29})["']  kw=secret_key  Freemius secret key
codecov-access-token  name:codecov  <lo:32>  -  Codecov access token
coveralls-repo-token  name:coveralls|repo_token  <an:32,37>  e3.5 cs kw=coveralls  Coveralls repository token
droneci-access-token  name:droneci|drone_token  <lo:32>  -  Drone CI access token
travisci-access-token  name:travis  <lo:22>  -  Travis CI access token
circleci-personal-token  token  CCIPAT_<an:22>_<hex:40>  e3  CircleCI personal token
circleci-project-token  token  CCIPRJ_<an:22>_<hex:40>  e3  CircleCI project token
circleci-legacy-token  name:circleci|circle_token  <hex:40>  e3  CircleCI token
buildkite-user-access-token  token  bkua_<lo:40,53>  e3  Buildkite API token
buildkite-service-token  token  bk(?:aa|aj|ar|ct|pt|pat|ps)_<w:32,340>  e3.5 kw=bkaa_,bkaj_,bkar_,bkct_,bkpt_,bkpat_,bkps_  Buildkite token
bitrise-access-token  name:bitrise  <w:86>  e4 cs  Bitrise access token
teamcity-token  token  eyJ0eXAiOiAiVENWMiJ9\.<w:20,100>\.<w:20,200>  e4 kw=eyj0exaioiaivenwmij9  TeamCity access token
jenkins-api-token  name:jenkins  11[a-f0-9]{32}  e3 cs  Jenkins API token
octopus-deploy-api-key  token  API-<up:26>  e3 kw=api-  Octopus Deploy API key
harness-api-key  raw  ((?:pat|sat)\.[\w-]{22}\.[a-zA-Z0-9]{24}\.[a-zA-Z0-9]{20})  kw=pat.,sat.  Harness API key
prefect-api-token  token  pnu_<an:36>  e2  Prefect API key
dagster-api-token  name:dagster_cloud  (?:agent|user):[\w-]+:<hex:32>  e3 cs  Dagster Cloud token
sonar-api-token  raw  (?i)sonar[_.-]?(?:login|token)[\w.\t -]{0,20}["'\x60]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:|>|,)[\s"'\x60=]{0,6}((?:sq[upa]_)?[\w=-]{40})(?:["'\x60\s;,<)\\]|$)  kw=sonar  SonarQube token
sonar-prefixed-token  token  sq[upa]_<hex:40>  e3 kw=squ_,sqp_,sqa_  SonarQube token
snyk-api-token  name:snyk_token|snyk-token|snyktoken|snyk_api|snyk-api|snyk_key|snyk_oauth|snyk.api  <uuid>  -  Snyk API token
snyk-key  raw  (?i)snyk[_.-]?(?:(?:api|oauth)[_.-]?)?(?:key|token)[\w.\t -]{0,20}["'\x60]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:|>|,)[\s"'\x60=]{0,6}([a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})  kw=snyk  Snyk API token
aikido-client-secret  token  AIK_SECRET_<an:64>  e4  Aikido client secret
aikido-ci-token  token  AIK_CI_<an:20,44>  e3.5  Aikido CI token
semgrep-app-token  name:semgrep  <hex:64>  e3  Semgrep token
endorlabs-api-secret  token  endr\+<an:16>  e3.5 kw=endr+  Endor Labs API key
mergify-application-key  token  mergify_application_key_<w:40,200>  e3.5  Mergify application key
postman-api-token  token  PMAK-<hex:24>-<hex:34>  e3 ci  Postman API key
rapidapi-access-token  name:rapidapi  [a-z0-9_-]{50}  -  RapidAPI key
readme-api-token  token  rdme_<lo:70>  e2  ReadMe API key
linear-api-key  raw  (?i)(lin_api_[a-z0-9]{40})  e2 kw=lin_api_  Linear API key
linear-client-secret  name:linear  <hex:32>  e2  Linear client secret
linear-oauth-token  token  lin_oauth_<hex:64>  e3  Linear OAuth token
atlassian-api-token  raw  (?:ATLASSIAN|[Aa]tlassian|CONFLUENCE|[Cc]onfluence|JIRA|[Jj]ira)[\w.\t -]{0,24}["'\x60\]]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,8}([a-zA-Z0-9]{20}[a-fA-F0-9]{4})(?:["'\x60\s;,<)\\]|$)|\b(ATATT3[\w=-]{186})(?:[^\w=-]|$)  e3.5 kw=atlassian,confluence,jira,atatt3  Atlassian API token
trello-access-token  name:trello  <an:32>  -  Trello access token
trello-token-v2  token  ATTA<hex:64,72>  e3  Trello token
asana-client-id  name:asana  <d:16>  low  Asana client id
asana-client-secret  name:asana  <lo:32>  -  Asana client secret
asana-personal-access-token  token  [012]/\d{16}(?:/\d{16})?:<hex:32>  e3 kw=asana  Asana personal access token
notion-api-token  token  ntn_[0-9]{11}[A-Za-z0-9]{35}  e4  Notion API token
notion-legacy-token  token  secret_<an:43>  e4 kw=secret_  Notion integration token
airtable-api-key  name:airtable  <lo:17>  -  Airtable API key
airtable-personnal-access-token  token  pat<an:14>\.<hex:64>  kw=airtable,pat  Airtable personal access token
clickup-personal-api-token  token  pk_[0-9]{7,9}_<up:32>  e3.5  ClickUp personal token
figma-personal-access-token  token  figd_<w:38,42>  e3.5  Figma personal access token
monday-api-token  name:monday  eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}  e4 cs  monday.com API token
shortcut-api-token  name:shortcut|clubhouse  <uuid>  e3  Shortcut API token
deno-account-token  token  ddp_<an:36>  e3.5  Deno Deploy token
cursor-api-key  token  key_<hex:64>  e3 kw=key_  Cursor API key
devin-api-key  token  apk_(?:user_)?[A-Za-z0-9+/]{80,180}={0,2}  e4 kw=apk_  Devin API key
val-town-api-token  token  vtwn_<an:20,80>  e3.5  Val Town API token
wakatime-api-key  token  waka_<uuid>  e3  WakaTime API key
ionic-personal-access-token  token  ion_<an:42>  e3.5  Ionic personal access token
expo-access-token  name:expo_token|expo_access  <w:40>  e4 cs  Expo access token
stackhawk-api-key  token  hawk\.<w:20>\.<w:20>  e3.5 kw=hawk.  StackHawk API key
thunderstore-api-token  token  tss_<an:20,80>  e3.5  Thunderstore API token
intra42-client-secret  token  s-s4t2(?:ud|af)-<Hex:64>  e3 kw=s-s4t2ud-,s-s4t2af-,intra  42 Intra client secret
settlemint-application-access-token  token  sm_aat_<an:16>  e3  SettleMint application token
settlemint-personal-access-token  token  sm_pat_<an:16>  e3  SettleMint personal token
settlemint-service-access-token  token  sm_sat_<an:16>  e3  SettleMint service token
launchdarkly-access-token  name:launchdarkly  <eq:40>  -  LaunchDarkly access token
launchdarkly-sdk-key  token  (?:sdk|api|mob)-<uuid>  e3 kw=sdk-,api-,mob-  LaunchDarkly key
configcat-sdk-key  token  configcat-sdk-1/<w:22>/<w:22>  e4  ConfigCat SDK key
devcycle-server-sdk-key  token  dvc_server_<an:8,64>(?:_<an:6,40>)?  e3  DevCycle server key
unkey-root-key  token  unkey_<an:20,32>  e3.5  Unkey root key
`,
  EXTRAS,
)
