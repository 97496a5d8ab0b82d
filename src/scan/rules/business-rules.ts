// Rules for payment, commerce, banking, trading, customers and mail.
import { ruleTable } from './rule-table.ts'

export const BUSINESS_RULES = ruleTable(
  String.raw`
stripe-access-token  token  [sr]k_(?:test|live|prod)_<an:10,99>  e2 kw=sk_test,sk_live,sk_prod,rk_test,rk_live,rk_prod  Stripe API key
stripe-webhook-secret  token  whsec_[a-zA-Z0-9+/]{32,64}={0,2}  e3.5  Stripe webhook signing secret
square-access-token  token  (?:EAAA|sq0atp-)<w:22,60>  e2 kw=sq0atp-,eaaa  Square access token
square-oauth-secret  token  sq0csp-<w:43>  e3.5  Square OAuth secret
paypal-client-secret  name:paypal  E[\w-]{79}  e4 cs  PayPal client secret
paypal-braintree-access-token  token  access_token\$production\$<lo:16>\$<hex:32>  e3 kw=access_token$production$  Braintree access token
adyen-api-key  token  AQE[a-z0-9A-Z]{3,8}[\w+/=.-]{60,400}  e4.5 kw=aqe  Adyen API key
checkout-secret-key  token  sk_(?:sbox_)?[a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12}  e3 kw=sk_  Checkout secret key
mollie-api-key  token  (?:live|test)_<an:30>  e3.7 kw=mollie  Mollie API key
razorpay-key  token  rzp_(?:live|test)_<an:14>  e3 kw=rzp_  Razorpay key id
paystack-secret-key  name:paystack  sk_(?:live|test)_<hex:40>  e3  Paystack secret key
flutterwave-encryption-key  raw  (?i)(FLWSECK_TEST-[a-h0-9]{12})  e2 kw=flwseck_test  Flutterwave encryption key
flutterwave-public-key  raw  (?i)(FLWPUBK_TEST-[a-h0-9]{32}-X)  e2 medium kw=flwpubk_test  Flutterwave public key
flutterwave-secret-key  raw  (?i)(FLWSECK_TEST-[a-h0-9]{32}-X)  e2 kw=flwseck_test  Flutterwave secret key
flutterwave-live-secret-key  token  FLWSECK-<lo:32>-(?:<lo:11,13>-)?X  e3 kw=flwseck-  Flutterwave secret key
gocardless-api-token  name:gocardless  live_<eq:40>  kw=gocardless,live_  GoCardless API token
midtrans-server-key  token  (?:SB-)?Mid-server-<w:20,30>  e3 kw=mid-server-  Midtrans server key
asaas-api-token  raw  (\$aact_(?:prod|hmlg)_[\w-]{20,200})  e3.5 kw=$aact_  Asaas API token
paddle-api-key  token  pdl_(?:live|sdbx)_apikey_<lo:26>_<an:22>_<an:3>  e4 kw=pdl_live_apikey_,pdl_sdbx_apikey_  Paddle API key
polar-access-token  token  polar_(?:at|oat|pat)_[\w-]{20,100}  e3.5 kw=polar_at_,polar_oat_,polar_pat_  Polar access token
lemon-squeezy-api-key  name:lemonsqueezy|lemon_squeezy  eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}  e4 cs  Lemon Squeezy API key
plaid-api-token  name:plaid  access-(?:sandbox|development|production)-<uuid>  -  Plaid access token
plaid-client-id  name:plaid  <lo:24>  e3.5 medium  Plaid client id
plaid-secret-key  name:plaid  <lo:30>  e3.5  Plaid secret
wise-api-token  name:transferwise|wise_api|wise_token  <uuid>  e3  Wise API token
ramp-client-secret  token  ramp_sec_<an:48>  e4  Ramp client secret
mercury-api-token  token  mercury_(?:production|sandbox)_[a-z]{2,6}_<an:40,50>_yrucrem  e3.5 kw=mercury_  Mercury API token
finicity-api-token  name:finicity  <hex:32>  -  Finicity API token
finicity-client-secret  name:finicity  <lo:20>  -  Finicity client secret
finnhub-access-token  name:finnhub  <lo:20>  -  Finnhub API key
alphavantage-api-key  name:alphavantage|alpha_vantage  <up:16>  e3 cs  Alpha Vantage API key
polygon-api-key  name:polygon  <an:32>  e3.7 cs  Polygon.io API key
databento-api-key  token  db-<an:29>  e3.7 kw=databento  Databento API key
kraken-access-token  name:kraken  [\w/=+-]{80,90}  -  Kraken API key
kucoin-access-token  name:kucoin  <hex:24>  -  KuCoin access token
kucoin-secret-key  name:kucoin  <uuid>  -  KuCoin secret key
bittrex-access-key  name:bittrex  <lo:32>  -  Bittrex access key
bittrex-secret-key  name:bittrex  <lo:32>  -  Bittrex secret key
coinbase-access-token  name:coinbase  [a-z0-9_-]{64}  -  Coinbase access token
binance-api-key  name:binance  <an:64>  e4.3 cs  Binance API key
etherscan-api-key  name:etherscan  <up:34>  e3.5 cs  Etherscan API key
infura-api-key  name:infura  <hex:32>  e3  Infura API key
alchemy-api-key  name:alchemy  <w:32>  e3.7 cs  Alchemy API key
ethereum-private-key  name:private_key|privatekey|private-key  (?:0x)?[a-f0-9]{64}  e3.2 medium  Ethereum private key
easypost-api-token  token  EZAK<lo:54>  e2 ci  EasyPost API key
easypost-test-api-token  token  EZTK<lo:54>  e2 ci  EasyPost test API key
shippo-api-token  token  shippo_(?:live|test)_<Hex:40>  e2 kw=shippo_  Shippo API token
duffel-api-token  token  duffel_(?:test|live)_<eq:43>  e2 kw=duffel_  Duffel API token
lob-api-key  name:lob  (?:live|test)_<hex:35>  kw=test_,live_  Lob API key
lob-pub-api-key  name:lob  (?:test|live)_pub_<hex:31>  medium kw=_pub  Lob publishable API key
shopify-access-token  raw  (shpat_[a-fA-F0-9]{32})  e2 kw=shpat_  Shopify access token
shopify-custom-access-token  raw  (shpca_[a-fA-F0-9]{32})  e2 kw=shpca_  Shopify custom app token
shopify-private-app-access-token  raw  (shppa_[a-fA-F0-9]{32})  e2 kw=shppa_  Shopify private app token
shopify-shared-secret  raw  (shpss_[a-fA-F0-9]{32})  e2 kw=shpss_  Shopify shared secret
shopify-partner-token  token  prtapi_<hex:32>  e3  Shopify partner token
etsy-access-token  raw  \b(?:ETSY|[Ee]tsy)[\w.\t -]{0,24}["'\x60\]]?[ \t\r\n]{0,4}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,8}([a-z0-9]{24})(?:["'\x60\s;,<)\\]|$)  e3 kw=etsy  Etsy access token
ebay-client-secret  token  (?:PRD|SBX)-<hex:12>-<hex:4>-<hex:4>-<hex:4>-<hex:4>  e3 kw=prd-,sbx-  eBay client secret
squarespace-access-token  name:squarespace  <uuid>  -  Squarespace access token
bigcommerce-access-token  name:bigcommerce|x-auth-token  <lo:31>  e3 cs kw=bigcommerce  BigCommerce access token
woocommerce-consumer-secret  token  c[ks]_<hex:40>  e3 kw=cs_,ck_  WooCommerce consumer key
gumroad-access-token  name:gumroad  <w:43>|<hex:64>  e3  Gumroad access token
freshbooks-access-token  name:freshbooks  <lo:64>  -  FreshBooks access token
freshdesk-api-key  name:freshdesk  <an:20>  e3.5 cs  Freshdesk API key
xero-client-secret  name:xero  <w:48>  e4 cs  Xero client secret
quickbooks-client-secret  name:quickbooks|intuit  <an:40>  e4 cs  Intuit client secret
zendesk-secret-key  name:zendesk  <lo:40>  -  Zendesk API token
intercom-api-key  name:intercom  <eq:60>  -  Intercom API key
hubspot-api-key  name:hubspot  <uuid>  -  HubSpot API key
hubspot-private-app-token  token  pat-(?:na|eu|ap)\d-<uuid>  e3 kw=pat-na,pat-eu,pat-ap  HubSpot private app token
salesforce-access-token  token  00D[a-zA-Z0-9]{12}![\w.]{80,260}  e4 kw=00d  Salesforce access token
pipedrive-api-token  name:pipedrive  <hex:40>  e3  Pipedrive API token
beamer-api-token  name:beamer  b_<eq:44>  -  Beamer API token
frameio-api-token  raw  (?i)(fio-u-[\w=-]{64})  kw=fio-u-  Frame.io API token
typeform-api-token  token  tfp_<dot:40,59>  ci  Typeform API token
calendly-api-token  name:calendly  eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}  e4 cs  Calendly API token
docusign-key  name:docusign  <uuid>  e3 medium  DocuSign integration key
canva-client-secret  token  cnvca<w:51>  e4  Canva client secret
contentful-delivery-api-token  name:contentful  <eq:43>  -  Contentful delivery token
contentful-personal-access-token  token  CFPAT-<w:43>  e4  Contentful personal access token
sanity-api-token  token  sk[a-zA-Z0-9]{150,190}  e4.5 kw=sanity  Sanity API token
sendgrid-api-token  token  SG\.[a-zA-Z0-9=_.-]{66}  e2 kw=sg.  SendGrid API key
sendinblue-api-token  token  xkeysib-<hex:64>-<lo:16>  e2 ci  Brevo API key
brevo-smtp-key  token  xsmtpsib-<hex:64>-<an:16>  e3  Brevo SMTP key
mailchimp-api-key  name:mailchimp|mailchimpsdk.initialize  <hex:32>-us\d\d?  -  Mailchimp API key
mandrill-api-key  token  md-<w:22>  e3.5 kw=mandrill  Mandrill API key
mailgun-private-api-token  name:mailgun  key-<hex:32>  -  Mailgun private API key
mailgun-pub-key  name:mailgun  pubkey-<hex:32>  medium  Mailgun public validation key
mailgun-signing-key  name:mailgun  <lo:32>-<lo:8>-<lo:8>  -  Mailgun webhook signing key
mailjet-secret-key  name:mailjet  <hex:32>  e3  Mailjet secret key
mailersend-api-token  token  mlsn\.<hex:64>  e3 kw=mlsn.  MailerSend API token
postmark-server-token  name:postmark  <uuid>  e3  Postmark server token
resend-api-key  token  re_<an:8,9>_<an:24>  e3.7 kw=re_  Resend API key
sparkpost-api-key  name:sparkpost  <hex:40>  e3  SparkPost API key
klaviyo-api-key  token  pk_<hex:34>  e3 kw=pk_  Klaviyo private API key
customerio-api-key  name:customerio|customer_io  <hex:32>  e3  Customer.io API key
onesignal-auth-token  token  os_v2_(?:app|org)_[a-z2-7]{103}  e4 kw=os_v2_  OneSignal token
braze-api-key  name:braze  <uuid>  e3  Braze API key
samsara-api-token  token  samsara_api_<an:26,32>  e3.5  Samsara API token
persona-api-key  token  persona_(?:production|sandbox)_<w:20,80>  e3.5 kw=persona_production_,persona_sandbox_  Persona API key
onfido-api-token  token  api_(?:live|sandbox)(?:_ca|_us)?\.<w:20,80>  e3.5 kw=api_live,api_sandbox  Onfido API token
workos-api-key  token  sk_(?:test|live)?_?[a-zA-Z0-9]{40,64}  e4 kw=workos  WorkOS API key
`,
)
