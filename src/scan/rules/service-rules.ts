// Rules for models, data, monitoring, identity, chat and social services.
import { ruleTable } from './rule-table.ts'

export const SERVICE_RULES = ruleTable(
  String.raw`
anthropic-api-key  token  sk-ant-api03-<w:93>AA  kw=sk-ant-api03  Anthropic API key
anthropic-admin-api-key  token  sk-ant-admin01-<w:93>AA  kw=sk-ant-admin01  Anthropic admin key
anthropic-oauth-token  token  sk-ant-o[ar]t01-<w:80,120>  e4 kw=sk-ant-o  Anthropic OAuth token
openai-api-key  token  sk-(?:(?:proj|svcacct|admin|service)-(?:<w:74>|<w:58>)T3BlbkFJ(?:<w:74>|<w:58>)|<an:20>T3BlbkFJ<an:20>)  e3 kw=t3blbkfj  OpenAI API key
cohere-api-token  name:cohere|co_api_key  <an:40>  e4 cs  Cohere API key
perplexity-api-key  token  pplx-<an:48>  e4  Perplexity API key
huggingface-access-token  token  hf_[a-zA-Z]{34}  e2  Hugging Face access token
huggingface-organization-api-token  token  api_org_[a-zA-Z]{34}  e2  Hugging Face organization token
groq-api-key  token  gsk_<an:52>  e4  Groq API key
xai-api-key  token  xai-<w:70,120>  e4  xAI API key
mistral-api-key  name:mistral  <an:32>  e3.7 cs  Mistral API key
deepseek-api-key  name:deepseek  sk-<hex:32>  e3  DeepSeek API key
kimi-api-key  name:kimi|moonshot  sk-<an:48>  e4 cs  Moonshot API key
minimax-api-key  token  sk-api-<w:119>  e4  MiniMax API key
openrouter-api-key  token  sk-or-v1-<hex:64>  e3  OpenRouter API key
replicate-api-token  token  r8_<an:37>  e4 kw=r8_  Replicate API token
togetherai-api-key  token  tgp_v1_<w:43>  e4  Together AI API key
fireworks-api-key  token  fw_<an:22,24>  e3.5 kw=fireworks  Fireworks API key
cerebras-api-key  token  csk-<lo:48>  e3.5  Cerebras API key
nvidia-api-key  token  nvapi-<w:60,70>  e4  NVIDIA API key
stability-ai-api-key  name:stability  sk-<an:48>  e4 cs  Stability AI API key
elevenlabs-api-key  token  sk_<hex:48>  e3 kw=sk_  ElevenLabs API key
deepgram-api-key  name:deepgram  <hex:40>  e3  Deepgram API key
assemblyai-api-key  name:assemblyai|assembly_ai  <hex:32>  e3  AssemblyAI API key
deepl-api-key  token  <uuid>:fx  e3 kw=:fx  DeepL API key
pinecone-api-key  token  pcsk_<an:5,6>_<an:63>  e4  Pinecone API key
langchain-langsmith-key  token  lsv2_(?:pt|sk)_<hex:32>_<hex:10>  e3 kw=lsv2_  LangSmith API key
weights-and-biases-api-key  name:wandb|weightsandbiases  <hex:40>  e3  Weights & Biases API key
weights-and-biases-api-key-v1  token  wandb_v1_\w{70,80}  e4  Weights & Biases API key
runpod-api-key  token  rpa_<an:40,46>  e4  RunPod API key
ollama-api-key  name:ollama  <hex:32>\.<w:24>  e4 cs  Ollama API key
jina-api-key  token  jina_<hex:32><w:28>  e4  Jina API key
tavily-api-key  token  tvly-(?:dev-|prod-)?<an:32>  e3.7  Tavily API key
brave-search-api-key  token  BSA<w:28>  e4 kw=brave  Brave Search API key
serpapi-key  name:serpapi|serp_api  <hex:64>  e3  SerpApi key
upstage-api-key  token  up_<an:29>  e3.7 kw=upstage  Upstage API key
privateai-api-token  name:privateai|private_ai|private-ai  [a-z0-9]{32}  e3 cs  Private AI API token
nats-nkey-seed  token  S[ACNOUX][A-Z2-7]{56}  e3.5 kw=seed,nkey,nats,creds  NATS NKey seed
clickhouse-cloud-api-secret-key  token  4b1d<an:38>  e3  ClickHouse Cloud API secret
confluent-access-token  name:confluent  <lo:16>  -  Confluent API key
confluent-secret-key  name:confluent  [a-z0-9/+]{64}  -  Confluent API secret
databricks-api-token  token  dapi<hex:32>(?:-\d)?  e3  Databricks access token
snowflake-programmatic-access-token  name:snowflake  eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}  e4 cs  Snowflake access token
mongodb-atlas-service-account-secret  token  mdb_sa_sk_<w:40>  e4  MongoDB Atlas service account secret
supabase-management-token  token  sbp_<hex:40>  e3  Supabase access token
supabase-secret-key  token  sb_secret_<w:31>  e4  Supabase secret key
neon-api-key  token  napi_<lo:64>  e4  Neon API key
cockroachlabs-cloud-api-key  token  CCDB1_<an:22>_<an:40>  e4  CockroachDB Cloud API key
datastax-astra-application-token  token  AstraCS:<an:24>:<hex:64>  e4 kw=astracs:  DataStax Astra token
elastic-cloud-api-key  token  essu_<w:60,200>={0,2}  e4  Elastic Cloud API key
aiven-auth-token  name:aiven  aivenv1<w:100,400>  e4 cs  Aiven token
upstash-token  name:upstash  A[\w=-]{50,120}  e4 cs  Upstash token
influxdb-api-token  name:influx  [\w-]{86}==  e4 cs  InfluxDB token
couchbase-capella-key  name:capella  [a-zA-Z0-9!%@#+/=]{60,68}  e4.5 cs  Couchbase Capella API key
algolia-api-key  name:algolia  <lo:32>  -  Algolia API key
meilisearch-master-key  name:meili_master|meilisearch  <w:32,64>  e3.7 cs  Meilisearch key
typesense-api-key  name:typesense  <an:32>  e3.7 cs  Typesense API key
mapbox-api-token  name:mapbox  pk\.<lo:60>\.<lo:22>  medium  Mapbox public token
mapbox-secret-token  token  sk\.eyJ1Ijoi<w:40,120>\.<w:22>  e4 kw=sk.eyj1ijoi  Mapbox secret token
maxmind-license-key  token  <an:6>_<an:29>_mmk  e4 kw=_mmk  MaxMind license key
openweather-api-key  name:openweather|pyowm|owm_api  <hex:32>  e3  OpenWeather API key
weatherstack-api-key  name:weatherstack|apilayer|ipstack  <hex:32>  e3  apilayer access key
here-api-key  name:here_api|hereapi  <w:43>  e4 cs  HERE API key
tomtom-api-key  name:tomtom  <an:32>  e3.7 cs  TomTom API key
datadog-access-token  name:datadog|dd_app  <lo:40>  -  Datadog application key
datadog-api-key  name:datadog|dd_api  <hex:32>  e3  Datadog API key
new-relic-browser-api-token  token  NRJS-<hex:19>  ci kw=nrjs-  New Relic browser key
new-relic-insert-key  token  NRII-[a-z0-9-]{32}  ci kw=nrii-  New Relic insert key
new-relic-user-api-id  name:new-relic|newrelic|new_relic  <lo:64>  -  New Relic user API id
new-relic-user-api-key  token  NRAK-<lo:27>  ci kw=nrak  New Relic user key
new-relic-license-key  token  <hex:36>NRAL  e3 kw=nral  New Relic license key
dynatrace-api-token  raw  (dt0[a-z]\d{2}\.[a-zA-Z0-9]{24}\.[a-zA-Z0-9]{64})  e4 kw=dt0  Dynatrace token
grafana-api-key  token  eyJrIjoi<an:70,400>={0,3}  e3 ci  Grafana API key
grafana-cloud-api-token  token  glc_[A-Za-z0-9+/]{32,400}={0,3}  e3  Grafana Cloud token
grafana-service-account-token  token  glsa_<an:32>_<Hex:8>  e3 ci  Grafana service account token
honeycomb-api-key  token  hc(?:[a-z]{1,2})_<an:58>|hc[abi]ik_<an:58>  e3.5 kw=honeycomb,hcaik_,hcbik_  Honeycomb API key
splunk-hec-token  name:splunk|hec_token  <uuid>  e3  Splunk HEC token
sumologic-access-id  raw  \b(?:Sumo|sumo|SUMO)(?:[Ll]ogic|LOGIC)?[\w.\t -]{0,24}["'\x60\]]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,8}(su[a-zA-Z0-9]{12})(?:["'\x60\s;,<)\\]|$)  e3 kw=sumo  Sumo Logic access id
sumologic-access-token  raw  \b(?:Sumo|sumo|SUMO)(?:[Ll]ogic|LOGIC)?[\w.\t -]{0,24}["'\x60\]]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,8}([a-zA-Z0-9]{64})(?:["'\x60\s;,<)\\]|$)  e3 kw=sumo  Sumo Logic access key
sentry-access-token  name:sentry  <hex:64>  e3  Sentry access token
sentry-org-token  raw  \b(sntrys_eyJpYXQiO[a-zA-Z0-9+/]{10,200}(?:LCJyZWdpb25fdXJs|InJlZ2lvbl91cmwi|cmVnaW9uX3VybCI6)[a-zA-Z0-9+/]{10,200}={0,2}_[a-zA-Z0-9+/]{43})(?:[^a-zA-Z0-9+/]|$)  e4.5 kw=sntrys_eyjpyxqio  Sentry organization token
sentry-user-token  token  sntryu_<hex:64>  e3.5  Sentry user token
sentry-dsn-secret  raw  https://[a-f0-9]{32}:([a-f0-9]{32})@[\w.-]+/\d+  e3 kw=sentry,dsn  Sentry DSN with its secret
rollbar-access-token  name:rollbar  <hex:32>  e3  Rollbar access token
bugsnag-api-key  name:bugsnag  <hex:32>  e3 medium  Bugsnag API key
logzio-token  name:logzio|logz_io  <an:32>  e3.7 cs  Logz.io token
loggly-token  name:loggly  <uuid>  e3  Loggly token
betterstack-token  name:logtail|betterstack|better_stack  <an:24>  e3.5 cs  Better Stack token
pagerduty-api-key  name:pagerduty|pd_token|pager_duty  [a-zA-Z0-9+_-]{20}  e3.5 cs  PagerDuty API key
opsgenie-api-key  name:opsgenie  <uuid>  e3  Opsgenie API key
rootly-api-key  token  rootly_<hex:64>  e3  Rootly API key
posthog-personal-api-key  token  phx_<w:41,49>  e4  PostHog personal API key
posthog-project-api-key  token  phc_<w:41,44>  e4 low  PostHog project API key
amplitude-secret-key  name:amplitude_secret|amplitudesecret  <hex:32>  e3  Amplitude secret key
mixpanel-secret  name:mixpanel_secret|mixpanel_api_secret  <hex:32>  e3  Mixpanel secret
segment-write-key  name:segment_write|segment_api|segment_key  <an:32>  e3.7 cs  Segment write key
fullstory-api-key  name:fullstory  na1\.[\w+/=]{60,}  e4 cs  FullStory API key
apify-api-token  token  apify_api_<an:34,38>  e3.5  Apify API token
okta-access-token  raw  \b(?:[Oo]kta|OKTA)[\w.\t -]{0,24}["'\x60\]]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,8}(00[\w=-]{40})(?:["'\x60\s;,<)\\]|$)  e4 kw=okta  Okta API token
auth0-client-secret  name:auth0  <w:64>  e4.3 cs  Auth0 client secret
clerk-secret-key  name:clerk  sk_(?:test|live)_<an:40,60>  e4 cs  Clerk secret key
authress-service-client-access-key  token  (?:sc|ext|scauth|authress)_<lo:5,30>\.<lo:4,6>\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,120}  e2 ci kw=sc_,ext_,scauth_,authress_  Authress service client key
jumpcloud-api-key  token  jca_<an:36>  e3.7  JumpCloud API key
duo-secret-key  name:duo_skey|duo_secret  <an:40>  e4 cs  Duo secret key
onelogin-client-secret  name:onelogin  <hex:64>  e3  OneLogin client secret
slack-bot-token  raw  (xoxb-[0-9]{10,13}-[0-9]{10,13}[\w-]*)  e3 kw=xoxb  Slack bot token
slack-user-token  raw  (xox[pe](?:-[0-9]{10,13}){3}-[a-zA-Z0-9-]{28,34})  e2 kw=xoxp-,xoxe-  Slack user token
slack-app-token  raw  (?i)(xapp-\d-[a-z0-9]+-\d+-[a-z0-9]+)  e2 kw=xapp  Slack app token
slack-config-access-token  raw  (?i)(xoxe\.xox[bp]-\d-[a-z0-9]{163,166})  e2 kw=xoxe.xoxb-,xoxe.xoxp-  Slack configuration token
slack-config-refresh-token  raw  (?i)(xoxe-\d-[a-z0-9]{146})  e2 kw=xoxe-  Slack configuration refresh token
slack-legacy-bot-token  raw  (xoxb-[0-9]{8,14}-[a-zA-Z0-9]{18,26})  e2 kw=xoxb  Slack bot token
slack-legacy-token  raw  (xox[os]-\d+-\d+-\d+-[a-fA-F\d]+)  e2 kw=xoxo,xoxs  Slack legacy token
slack-legacy-workspace-token  raw  (xox[ar]-(?:\d-)?[0-9a-zA-Z]{8,48})  e2 kw=xoxa,xoxr  Slack workspace token
slack-session-token  token  xoxc-\d{9,15}-\d{9,15}-\d{9,15}-<hex:64>  e3  Slack session token
slack-session-cookie  raw  (xoxd-[\w/\\+%-]{100,}={0,2})  e3.5 kw=xoxd-  Slack session cookie
slack-webhook-url  raw  ((?:https?://)?hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/]{43,72})  e3 kw=hooks.slack.com  Slack webhook
discord-api-token  name:discord  <hex:64>  -  Discord API token
discord-bot-token  token  [MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,42}  e4 kw=discord,bot,token  Discord bot token
discord-client-id  name:discord  [0-9]{18}  e2 low  Discord client id
discord-client-secret  name:discord  <eq:32>  e2  Discord client secret
discord-webhook-url  raw  (https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,80})  e3.5 kw=/api/webhooks/  Discord webhook
telegram-bot-api-token  name:telegr  [0-9]{5,16}:[aA][\w-]{34}  e3  Telegram bot token
telegram-bot-token-url  raw  api\.telegram\.org/bot([0-9]{5,16}:A[\w-]{34})  e3 kw=api.telegram.org  Telegram bot token
mattermost-access-token  name:mattermost  <lo:26>  -  Mattermost access token
zulip-api-key  name:zulip  <an:32>  e3.7 cs  Zulip API key
webex-access-token  name:webex  <w:64>_[\w-]{4}_<uuid>  e4 cs  Webex access token
line-channel-token  name:line_channel|channel_access_token  [\w+/]{170,174}=  e4.5 cs  LINE channel token
lark-app-secret  name:lark|feishu  <an:32>  e3.7 cs  Lark app secret
wecom-webhook  raw  qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([a-f0-9-]{36})  e3 kw=qyapi.weixin  WeCom webhook
dingtalk-token  raw  oapi\.dingtalk\.com/robot/send\?access_token=([a-f0-9]{64})  e3 kw=oapi.dingtalk.com  DingTalk robot token
twilio-api-key  token  SK<Hex:32>  e3 kw=sk  Twilio API key
twilio-auth-token  name:twilio  <hex:32>  e3  Twilio auth token
messagebird-api-token  name:messagebird|message-bird|message_bird  <lo:25>  -  MessageBird API token
messagebird-client-id  name:messagebird|message-bird|message_bird  <uuid>  low  MessageBird client id
vonage-api-secret  name:vonage|nexmo  <an:16>  e3.2 cs  Vonage API secret
plivo-auth-token  name:plivo  <an:40>  e4 cs  Plivo auth token
telnyx-api-key  token  KEY[A-F0-9]{32}_<an:22>  e4 kw=telnyx  Telnyx API key
sendbird-access-id  name:sendbird  <uuid>  medium  Sendbird application id
sendbird-access-token  name:sendbird  <hex:40>  -  Sendbird API token
pubnub-secret-key  token  sec-c-[A-Za-z0-9+/]{40,60}  e4  PubNub secret key
pubnub-publish-key  token  (?:pub|sub)-c-<uuid>  e3 low kw=pub-c-,sub-c-  PubNub publish key
pusher-secret  name:pusher_secret|pusher_app_secret  <hex:20>  e3  Pusher secret
ably-api-key  name:ably  [\w-]{6}\.[\w-]{6}:[\w-]{16,48}  e4 cs  Ably API key
agora-certificate  name:agora  <hex:32>  e3  Agora certificate
zoom-client-secret  name:zoom  <an:32>  e4 cs  Zoom client secret
facebook-access-token  token  \d{15,16}(?:\||%7C)[a-zA-Z0-9_-]{27,40}  e3 kw=facebook  Facebook app access token
facebook-page-access-token  token  EAA[MC]<an:100,400>  e4 kw=eaam,eaac  Facebook page access token
facebook-user-access-token  token  EAA[A-Z]<an:100,400>  e4 kw=eaa  Facebook access token
facebook-secret  name:facebook  <hex:32>  e3  Facebook app secret
instagram-access-token  token  IGQV<w:80,200>  e4  Instagram access token
twitter-access-secret  name:twitter  <lo:45>  -  Twitter access secret
twitter-access-token  name:twitter  [0-9]{15,25}-<an:20,40>  -  Twitter access token
twitter-api-key  name:twitter  <lo:25>  -  Twitter API key
twitter-api-secret  name:twitter  <lo:50>  -  Twitter API secret
twitter-bearer-token  name:twitter  A{22}[a-zA-Z0-9%]{80,100}  -  Twitter bearer token
twitch-api-token  name:twitch  <lo:30>  -  Twitch API token
linkedin-client-id  name:linkedin|linked_in|linked-in  <lo:14>  e2 low  LinkedIn client id
linkedin-client-secret  name:linkedin|linked_in|linked-in  <an:16>  e2  LinkedIn client secret
reddit-client-secret  name:reddit  <w:27,30>  e3.7 cs  Reddit client secret
pinterest-access-token  token  pina_<w:20,200>  e4  Pinterest access token
flickr-access-token  name:flickr  <lo:32>  -  Flickr access token
spotify-client-secret  name:spotify  <hex:32>  e3  Spotify client secret
strava-client-secret  name:strava  <hex:40>  e3  Strava client secret
bitly-access-token  name:bitly  <hex:40>  e3  Bitly access token
disqus-secret-key  name:disqus  <an:64>  e4 cs  Disqus secret key
lichess-personal-access-token  token  lip_<an:20,60>  e3.5  Lichess personal access token
steam-web-api-key  name:steam_api|steamapi|steam_web  <HEX:32>  e3 cs  Steam Web API key
nytimes-access-token  name:nytimes|new-york-times|newyorktimes  <eq:32>  -  New York Times API key
adafruit-api-key  name:adafruit  [a-z0-9_-]{32}  -  Adafruit IO key
adafruit-io-key  token  aio_<an:28>  e3.7  Adafruit IO key
adobe-client-id  name:adobe  <hex:32>  e2 medium  Adobe client id
adobe-client-secret  token  p8e-<lo:32>  e2 ci  Adobe client secret
dropbox-api-token  name:dropbox  <lo:15>  -  Dropbox app secret
dropbox-long-lived-api-token  name:dropbox  <lo:11>AAAAAAAAAA<eq:43>  -  Dropbox long-lived token
dropbox-short-lived-api-token  raw  (?i)\b(sl\.(?:[bu]\.)?[a-z0-9=_-]{130,1000})(?:["'\x60\s;,<)\\]|$)  e3 kw=dropbox  Dropbox short-lived token
box-api-access-token  name:box_client|box_secret|box_access|box_api  <an:32>  e3.7 cs  Box client secret
cloudinary-api-secret  name:cloudinary_api_secret|cloudinary_secret  <w:27>  e3.7 cs  Cloudinary API secret
imgur-client-secret  name:imgur  <hex:40>  e3  Imgur client secret
bunny-api-key  name:bunnycdn|bunny_api|bunny_access  <uuid>(?:-<uuid>|<uuid>)?  e3  bunny.net API key
looker-client-id  name:looker  <lo:20>  low  Looker client id
looker-client-secret  name:looker  <lo:24>  -  Looker client secret
sidekiq-secret  name:bundle_enterprise__contribsys__com|bundle_gems__contribsys__com  <hex:8>:<hex:8>  -  Sidekiq licence key
sidekiq-sensitive-url  raw  (?i)https?://([a-f0-9]{8}:[a-f0-9]{8})@(?:gems|enterprise)\.contribsys\.com  kw=contribsys.com  Sidekiq licence in a URL
tableau-personal-access-token  token  [A-Za-z0-9+/]{22}==:<an:32>  e4 kw=tableau  Tableau personal access token
workato-api-token  token  wrka(?:us|eu|jp|sg|au)?-eyJ[\w-]{8,}\.[\w-]{16,}\.[\w-]{64,}  e4 kw=wrka  Workato API token
zuplo-consumer-api-key  token  zpka_<lo:32>_<hex:8>  e3.5  Zuplo API key
`,
)
