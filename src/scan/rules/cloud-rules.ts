// Rules for clouds, hosting, networks and what runs in them. Formats are the vendors' documented ones.
import { allowed, type RuleExtras, ruleTable } from './rule-table.ts'

const UUID_AT_UUID = '[a-z0-9]{8}-(?:[a-z0-9]{4}-){3}[a-z0-9]{12}'

const EXTRAS: Readonly<Record<string, RuleExtras>> = {
  'aws-access-token': {
    allowlists: [allowed('secret', ['EXAMPLE$'])],
    rotate:
      'Make a second key for this IAM user, switch over, then delete this one; let the AWS engine issue short-lived ones.',
  },
  'aws-secret-access-key': {
    allowlists: [allowed('secret', ['EXAMPLEKEY$', '^[a-zA-Z/]+$', '^[a-f0-9]+$', '//|\\.'])],
    rotate:
      'Delete the access key that this secret belongs to and let the AWS engine issue short-lived ones.',
  },
  'gcp-api-key': {
    allowlists: [
      allowed('secret', [
        'abcdefghijklmnopqrstuvwxyz',
        // Keys that browsers and samples ship openly, told apart by their middle.
        'nLA7NfeLq|kEhVjf3p|MAScliyLx|3asb-2pEZ|NSXIbFmlX|dOS2zB6NC|SWm6HmTMd|NUvH9H9Bs|5_iVawFQ8|4UrcGxgwQ',
        'Sb51JiIcB|F2RrAIm4a|cE-OOIbhj|8qGxt4ec1|8vmApnrHN',
      ]),
    ],
  },
  'hashicorp-tf-password': { path: '(?i)\\.(?:tf|hcl|tfvars)$' },
  'vault-service-token': { allowlists: [allowed('secret', ['^s\\.(?:[a-z]+|[A-Z]+|[A-Za-z]+)$'])] },
}

export const CLOUD_RULES = ruleTable(
  String.raw`
aws-access-token  raw  \b((?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16})\b  e3 kw=akia,asia,abia,acca,a3t check=aws-key-id  AWS access key id
aws-secret-access-key  name:aws|secret_access_key|secretaccesskey|secret_key|secretkey  [a-zA-Z0-9/+]{40}  e4.2 cs  AWS secret access key
aws-session-token  name:session_token|sessiontoken  [a-zA-Z0-9/+]{150,1000}={0,2}  e4.5 cs  AWS session token
aws-mws-key  token  amzn\.mws\.<uuid>  e3  Amazon MWS auth token
aws-amazon-bedrock-api-key-long-lived  token  ABSK[A-Za-z0-9+/]{109,269}={0,2}  e3  Amazon Bedrock long-lived API key
aws-amazon-bedrock-api-key-short-lived  raw  bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[\w+/=-]*  e3 kw=bedrock-api-key-  Amazon Bedrock short-lived API key
aws-appsync-key  token  da2-<lo:26>  e3  AWS AppSync API key
azure-ad-client-secret  raw  (?:^|[\\'"\x60\s>=:(,])([\w~.]{3}\dQ~[\w~.-]{31,34})(?:$|[\\'"\x60\s<),])  e3 kw=q~  Microsoft Entra client secret
azure-storage-account-key  name:accountkey|account_key|storage_key|storagekey  [a-zA-Z0-9+/]{86}==  e4.5 cs  Azure storage account key
azure-shared-access-key  name:sharedaccesskey|shared_access_key  [a-zA-Z0-9+/]{43}=  e4 cs  Azure shared access key
azure-app-configuration-connection-string  raw  (?i)Endpoint=https://[a-z0-9-]+\.azconfig\.io;Id=[^;\s'"]{4,};Secret=([a-z0-9+/]{36,100}={0,2})  e4 kw=azconfig.io  Azure App Configuration connection string
azure-devops-pat  name:azure_devops|azuredevops|vsts|ado_pat|azdo  [a-z2-7]{52}  e3.5 cs  Azure DevOps personal access token
azure-devops-pat-long  token  [a-zA-Z0-9]{76}AZDO[a-zA-Z0-9]{4}  e4 kw=azdo  Azure DevOps personal access token
azure-function-key  name:functions_key|functions-key  [\w/+-]{40,60}={0,2}  e4 cs  Azure Functions key
azure-cosmosdb-key  token  [a-zA-Z0-9+/]{76}ACDb[a-zA-Z0-9+/]{5,6}==  e4 kw=acdb  Azure Cosmos DB key
azure-openai-key  name:azure_openai|azureopenai|openai_api_key  [a-f0-9]{32}  e3 cs  Azure OpenAI key
azure-container-registry-key  token  [a-zA-Z0-9+/]{42}\+ACR[a-zA-Z0-9]{6}  e4 kw=+acr  Azure container registry password
alibaba-access-key-id  token  LTAI<lo:20>  e2 ci  Alibaba Cloud access key id
alibaba-secret-key  name:alibaba|aliyun  <lo:30>  e2  Alibaba Cloud access key secret
alibaba-sts-access-key-id  token  STS\.<an:16,64>  e3 kw=sts.  Alibaba Cloud STS access key id
tencent-secret-id  token  AKID<an:32>  e4  Tencent Cloud secret id
tencent-secret-key  name:tencent|qcloud  <an:32>  e3.7 cs  Tencent Cloud secret key
gcp-api-key  token  AIza<w:35>  e4  Google API key
gcp-gemini-api  token  AQ\.Ab8RN6<w:44>  e4 kw=aq.ab8rn6  Google Gemini API key
gcp-oauth-client-secret  token  GOCSPX-<w:28>  e3.5  Google OAuth client secret
gcp-oauth-access-token  token  ya29\.[\w-]{60,500}  e4 kw=ya29.  Google OAuth access token
gcp-oauth-refresh-token  token  1//0[\w-]{80,110}  e4 kw=1//0  Google OAuth refresh token
gcp-service-account  raw  "private_key":\s*"(-----BEGIN (?:RSA )?PRIVATE KEY-----[^"]{100,}?-----END (?:RSA )?PRIVATE KEY-----)  kw=private_key  Google service account key
gcp-hmac-key  token  GOOG1[A-Z0-9]{57}  e3.5  Google Cloud Storage HMAC key
firebase-cloud-messaging-key  token  AAAA<w:7>:APA91b<w:134>  e4 kw=apa91b  Firebase Cloud Messaging server key
digitalocean-pat  token  dop_v1_<hex:64>  e3  DigitalOcean personal access token
digitalocean-access-token  token  doo_v1_<hex:64>  e3  DigitalOcean OAuth access token
digitalocean-refresh-token  token  dor_v1_<hex:64>  ci  DigitalOcean OAuth refresh token
digitalocean-spaces-key  name:spaces_key|spaces_access_key  DO00<up:16>  e3 cs  DigitalOcean Spaces key
heroku-api-key  name:heroku  <uuid>  -  Heroku API key
heroku-api-key-v2  token  HRKU-AA<w:58>  e4  Heroku API key
cloudflare-api-key  name:cloudflare  [a-z0-9_-]{40}  e2  Cloudflare API token
cloudflare-api-token-v2  token  cf(?:ut|at)_[A-Za-z0-9_-]{40,60}  e3.5 kw=cfut_,cfat_  Cloudflare API token
cloudflare-global-api-key  name:cloudflare  <hex:37>  e2  Cloudflare global API key
cloudflare-origin-ca-key  token  v1\.0-<hex:24>-<hex:146>  e2 kw=cloudflare,v1.0-  Cloudflare origin CA key
fastly-api-token  name:fastly  <eq:32>  -  Fastly API token
flyio-access-token  token  fo1_<w:43>|fm1[ar]_[a-zA-Z0-9+/]{100,}={0,3}|fm2_[a-zA-Z0-9+/]{100,}={0,3}  e4 kw=fo1_,fm1,fm2_  Fly.io access token
netlify-access-token  name:netlify  <eq:40,46>  -  Netlify access token
netlify-pat  token  nfp_<an:36>  e3.5  Netlify personal access token
vercel-api-token  name:vercel  <an:24>  e3.5 cs  Vercel API token
vercel-token-v2  token  vc[kapri]_<w:56>  e4 kw=vck_,vca_,vcp_,vcr_,vci_  Vercel token
render-api-key  token  rnd_<an:28,32>  e3.5  Render API key
railway-api-token  name:railway  <uuid>  e3  Railway API token
scaleway-secret-key  name:scaleway|scw_secret  <uuid>  e3  Scaleway secret key
scaleway-access-key  token  SCW<up:17>  e3  Scaleway access key
scalingo-api-token  token  tk-us-<w:48>  e2  Scalingo API token
hetzner-api-token  name:hcloud|hetzner  <an:64>  e4.3 cs  Hetzner Cloud API token
linode-api-token  name:linode  <hex:64>  e3  Linode API token
vultr-api-key  name:vultr  <up:36>  e3.5  Vultr API key
ovh-application-secret  name:ovh  <an:32>  e3.7 cs  OVH application secret
upcloud-api-token  token  ucat_[0-9A-HJKMNP-TV-Z]{26}  e3  UpCloud API token
civo-api-key  name:civo  <an:50>  e4 cs  Civo API key
exoscale-api-key  token  EXO<hex:24,30>  e3 kw=exo  Exoscale API key
exoscale-api-secret  name:exoscale  <w:43>  e4 cs  Exoscale API secret
ibm-cloud-user-api-key  name:ibm_cloud|ibmcloud|ibm_api  <w:44>  e4 cs  IBM Cloud API key
oracle-cloud-token  name:oci_auth|oci_token  [\w!#$%&()*+,.:;<=>?@^{}~\[\]-]{20}  e3.5 cs low  Oracle Cloud auth token
openshift-user-token  token  sha256~<w:43>  e3.5 kw=sha256~  OpenShift user token
kubernetes-bootstrap-token  name:bootstrap|kubeadm|token  [a-z0-9]{6}\.[a-z0-9]{16}  e3.2 cs medium kw=bootstrap,kubeadm  Kubernetes bootstrap token
rancher-api-key  token  token-[a-z0-9]{5}:[a-z0-9]{54}  e4 kw=token-  Rancher API key
docker-swarm-join-token  token  SWMTKN-1-[a-z0-9]{50}-[a-z0-9]{25}  e3  Docker swarm join token
docker-swarm-unlock-key  token  SWMKEY-1-<b64:43>  e4  Docker swarm unlock key
dockerhub-personal-access-token  token  dckr_pat_<w:27>  e3.5  Docker Hub personal access token
dockerhub-organization-access-token  token  dckr_oat_<w:32>  e3.5  Docker Hub organization access token
hashicorp-tf-api-token  raw  (?i)([a-z0-9]{14}\.atlasv1\.[\w=-]{60,70})  e3.5 kw=atlasv1  HCP Terraform API token
hashicorp-tf-password  name:administrator_login_password|password  "[\w=-]{8,20}"  e2  password in a Terraform file
vault-service-token  raw  \b(hvs\.[\w-]{90,120}|s\.[A-Za-z0-9]{24})(?:[^\w-]|$)  e3.5 kw=hvs.,s.  Vault service token
vault-batch-token  token  hvb\.[\w-]{138,300}  e4  Vault batch token
vault-recovery-token  token  hvr\.[\w-]{24,120}  e3.5  Vault recovery token
hcp-client-secret  name:hcp_client_secret|hcpclientsecret  <w:64>  e4 cs  HCP client secret
pulumi-api-token  token  pul-<hex:40>  e2  Pulumi access token
infracost-api-token  raw  (?:^|[^\w.-])(ico-[a-zA-Z0-9]{32})(?:[^\w.-]|$)  e3 kw=ico-  Infracost API token
scalr-api-access-token  name:scalr  eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}  e4 cs  Scalr API token
env0-api-key  name:env0  <an:32>  e3.7 cs  env0 API secret
spacelift-api-key  name:spacelift  <hex:64>  e3  Spacelift API key secret
doppler-api-token  token  dp\.pt\.<lo:43>  e2 ci kw=dp.pt.  Doppler personal token
doppler-service-token  token  dp\.(?:st\.(?:[a-z0-9_-]{2,35}\.)?|ct\.|scim\.|audit\.|sa\.)<an:40,44>  e3 kw=dp.st.,dp.ct.,dp.scim.,dp.audit.,dp.sa.  Doppler service token
infisical-service-token  token  st\.<hex:24>\.<hex:32>\.<hex:32>  e3 kw=st.  Infisical service token
1password-secret-key  raw  \b(A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3})\b  e3.8 kw=a3-  1Password secret key
1password-service-account-token  token  ops_eyJ[a-zA-Z0-9+/]{250,}={0,3}  e4  1Password service account token
bitwarden-client-secret  name:bw_clientsecret|bitwarden  <an:30>  e3.7 cs  Bitwarden API client secret
akeyless-access-key  name:akeyless  <b64:43>=  e4 cs  Akeyless access key
age-secret-key  token  AGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}  -  age secret key
defined-networking-api-token  token  dnkey-<eq:26>-<eq:52>  ci  Defined Networking API token
tailscale-api-key  token  tskey-(?:api|auth|client|scim|webhook)-<an:10,24>-<an:20,40>  e3.5 kw=tskey-  Tailscale key
ngrok-api-token  name:ngrok  2[0-9A-Za-z]{26}_[0-9A-Za-z]{20,21}  e4 cs  ngrok token
zerotier-api-token  name:zerotier  <an:32>  e3.7 cs  ZeroTier API token
cisco-meraki-api-key  raw  \b(?:[Mm]eraki|MERAKI)[\w.\t -]{0,24}['"\x60]?[ \t]{0,4}(?:[:?+]{0,3}=>?|:|>|,)[\s"'\x60=]{0,6}([0-9a-f]{40})(?:["'\x60\s;,]|\\[nr]|$)  e3 kw=meraki  Cisco Meraki API key
nuget-api-key  token  oy2[a-z0-9]{43}  e3.5  NuGet API key
planetscale-api-token  token  pscale_tkn_<dot:32,64>  e3 ci  PlanetScale API token
planetscale-oauth-token  token  pscale_oauth_<dot:32,64>  e3  PlanetScale OAuth token
planetscale-password  token  pscale_pw_<dot:32,64>  e3 ci  PlanetScale password
microsoft-teams-webhook  raw  (https://[a-z0-9]+\.webhook\.office\.com/webhookb2/${UUID_AT_UUID}@${UUID_AT_UUID}/IncomingWebhook/[a-z0-9]{32}/${UUID_AT_UUID})  kw=webhook.office.com  Microsoft Teams webhook
yandex-access-token  name:yandex  t1\.[\w-]+={0,2}\.[\w-]{86}={0,2}  -  Yandex IAM token
yandex-api-key  name:yandex  AQVN<w:35,38>  -  Yandex API key
yandex-aws-access-token  name:yandex  YC<w:38>  -  Yandex static access key
`,
  EXTRAS,
)
