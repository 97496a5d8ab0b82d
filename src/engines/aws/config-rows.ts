// config/root and config/lease. Writing config/root replaces it whole, as the API does.

import { formatDuration, parseDurationSeconds } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, list, string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import {
  automatedData,
  automatedRotationFields,
  automatedSchedule,
  rotationOutput,
} from '../../sdk/rotation-fields.ts'
import { LEASE_KEY, type LeaseConfig, ROOT_KEY, type RootConfig, readRoot } from './root-config.ts'
import { ROOT_ID, rootRotation } from './rotate-root.ts'
import { checkTemplate, DEFAULT_TEMPLATE } from './username.ts'

const { read, write } = endpoints()

const shown = {
  access_key: string('Access key with the right to make users and keys.', { default: '' }),
  region: string('Region of calls; empty: AWS_REGION, AWS_DEFAULT_REGION or us-east-1.', {
    default: '',
  }),
  iam_endpoint: string('URL of IAM where it is not the one of AWS.', { default: '' }),
  sts_endpoint: string('URL of STS where it is not the one of AWS.', { default: '' }),
  sts_region: string('Region of STS where it is not the one above.', { default: '' }),
  sts_fallback_endpoints: list('URLs of STS to ask, in turn, where the one before is away.', {
    default: [],
  }),
  sts_fallback_regions: list('Their regions, as many as there are fallback endpoints.', {
    default: [],
  }),
  max_retries: integer("Tries beyond the first; negative: the AWS client's own rule.", {
    default: -1,
  }),
  username_template: string('Go template of the names of users and sessions.', { default: '' }),
}

export const configRows = [
  read('config/root', {
    about: 'Shows what calls to AWS are signed with, without the secret key.',
    effects: false,
    output: {
      ...shown,
      ...rotationOutput,
      disable_automated_rotation: boolean('Rotates by hand only.'),
    },
    handle: async (ctx) => {
      const root = await readRoot(ctx.storage)
      if (!root) return { empty: true }
      return {
        data: {
          access_key: root.accessKey,
          iam_endpoint: root.iamEndpoint,
          max_retries: root.maxRetries,
          region: root.region,
          sts_endpoint: root.stsEndpoint,
          sts_fallback_endpoints: root.stsFallbackEndpoints,
          sts_fallback_regions: root.stsFallbackRegions,
          sts_region: root.stsRegion,
          username_template: root.usernameTemplate,
          ...automatedData(root.schedule),
        },
      }
    },
  }),
  write('config/root', {
    about: 'Sets what calls to AWS are signed with; replaces all of it.',
    input: {
      ...shown,
      ...automatedRotationFields,
      secret_key: string('Secret key that belongs to the access key.', {
        default: '',
        secret: true,
      }),
      role_arn: string('Not served: needs tokens of plugins.', { default: '' }),
      identity_token_audience: string('Not served: needs tokens of plugins.', { default: '' }),
    },
    handle: async (ctx, sent) => {
      if (sent.role_arn !== '' || sent.identity_token_audience !== '') {
        throw badRequest(
          'workload identity federation (role_arn, identity_token_audience) is not supported: give access_key and secret_key, or run the server with a role of its own',
        )
      }
      const config: RootConfig = {
        accessKey: sent.access_key,
        secretKey: sent.secret_key,
        region: sent.region,
        iamEndpoint: checkedUrl('iam_endpoint', sent.iam_endpoint),
        stsEndpoint: checkedUrl('sts_endpoint', sent.sts_endpoint),
        stsRegion: sent.sts_region,
        stsFallbackEndpoints: sent.sts_fallback_endpoints.map((url) =>
          checkedUrl('sts_fallback_endpoints', url),
        ),
        stsFallbackRegions: sent.sts_fallback_regions,
        maxRetries: sent.max_retries,
        usernameTemplate: sent.username_template || DEFAULT_TEMPLATE,
        schedule: await automatedSchedule(sent, null, ctx.clock.now()),
      }
      checkRoot(config)
      checkTemplate(config.usernameTemplate, ctx)
      await ctx.storage.transaction(async (tx) => {
        tx.put(ROOT_KEY, { json: config })
        if (config.accessKey === '') await ctx.rotation.remove(tx, rootRotation, ROOT_ID)
        else {
          const { schedule } = config
          await ctx.rotation.put(tx, rootRotation, { id: ROOT_ID, item: {}, schedule })
        }
      })
      return { empty: true }
    },
  }),
  read('config/lease', {
    about: 'Shows how long users live.',
    effects: false,
    output: { lease: string('Life of a user.'), lease_max: string('Longest life of a user.') },
    handle: async (ctx) => {
      const found = (await ctx.storage.get(LEASE_KEY))?.json<LeaseConfig>()
      if (!found) return { empty: true }
      return {
        data: {
          lease: formatDuration(found.leaseSeconds),
          lease_max: formatDuration(found.maxSeconds),
        },
      }
    },
  }),
  write('config/lease', {
    about: 'Sets how long users live.',
    input: {
      lease: string('Life of a user, such as "30m".', { default: '' }),
      lease_max: string('Longest life of a user, all renewals included.', { default: '' }),
    },
    handle: async (ctx, { lease, lease_max }) => {
      const config: LeaseConfig = {
        leaseSeconds: checkedDuration('lease', lease),
        maxSeconds: checkedDuration('lease_max', lease_max),
      }
      await ctx.storage.put(LEASE_KEY, { json: config })
      return { empty: true }
    },
  }),
]

function checkRoot(config: RootConfig): void {
  if ((config.accessKey === '') !== (config.secretKey === ''))
    throw badRequest('access_key and secret_key must be given together')
  if (config.maxRetries > 100) throw badRequest('max_retries must be at most 100')
  const regions = config.stsFallbackRegions.length
  if (regions > 0 && regions !== config.stsFallbackEndpoints.length)
    throw badRequest('fallback endpoints and fallback regions must be the same length')
}

/** A URL of http or https without user and password, or ''. */
function checkedUrl(name: string, text: string): string {
  if (text === '') return ''
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw badRequest(`${name} must be a URL such as https://iam.amazonaws.com`)
  return text
}

function checkedDuration(name: string, text: string): number {
  if (text === '') throw badRequest(`'${name}' is a required parameter`)
  const seconds = parseDurationSeconds(text)
  if (seconds === null || seconds < 0)
    throw badRequest(`Invalid ${name}: it must be a duration such as "30m"`)
  return seconds
}
