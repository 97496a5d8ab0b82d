// Amazon Resource Names, as far as roles of this engine need them: arn:partition:service:region:account:resource.
// Source: "Amazon Resource Names (ARNs)" in the AWS reference guide.

export interface Arn {
  readonly service: string
  readonly resource: string
}

/** null where the text is no ARN. */
export function parseArn(text: string): Arn | null {
  const parts = text.split(':')
  if (parts.length < 6 || parts[0] !== 'arn') return null
  return { service: parts[2]!, resource: parts.slice(5).join(':') }
}

/** Why the ARN names no managed policy, or null where it does. */
export function whyNoPolicyArn(text: string): string | null {
  const arn = parseArn(text)
  if (!arn) return 'arn: invalid prefix'
  if (arn.service !== 'iam') return `expected a service of iam but got ${arn.service}`
  if (!arn.resource.startsWith('policy/'))
    return `expected a resource type of policy but got ${arn.resource}`
  return null
}
