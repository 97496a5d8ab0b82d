// IAM policy documents: checked and compacted when they are stored, and put together from those of groups
// where STS takes only one. Source: "IAM JSON policy elements" in the IAM user guide.
import { isJsonObject, type Json, parseJson, stringifyJson } from '../../base/json.ts'
import type { AwsClients } from './aws-clients.ts'

/** The document without spaces between its tokens; null where it is no JSON. */
export function compactDocument(text: string): string | null {
  try {
    return stringifyJson(parseJson(text))
  } catch {
    return null
  }
}

/** One document with the statements of all; '' where there are none. */
export function combineDocuments(documents: readonly string[]): string {
  const statements: Json[] = []
  for (const text of documents) {
    if (text === '') continue
    const document = parseJson(text)
    const statement = isJsonObject(document) ? document.Statement : undefined
    if (Array.isArray(statement)) statements.push(...statement)
    else if (statement !== undefined) statements.push(statement)
  }
  return statements.length === 0
    ? ''
    : stringifyJson({ Version: '2012-10-17', Statement: statements })
}

/** What the groups give their members: inline documents and ARNs of managed policies. */
export async function groupPolicies(
  { iam }: AwsClients,
  groups: readonly string[],
  abortSignal: AbortSignal,
): Promise<{ documents: string[]; arns: string[] }> {
  const documents: string[] = []
  const arns: string[] = []
  for (const GroupName of groups) {
    const attached = await iam.listAttachedGroupPolicies({ GroupName }, { abortSignal })
    for (const { PolicyArn } of attached.AttachedPolicies ?? []) if (PolicyArn) arns.push(PolicyArn)
    const inline = await iam.listGroupPolicies({ GroupName }, { abortSignal })
    for (const PolicyName of inline.PolicyNames ?? []) {
      const found = await iam.getGroupPolicy({ GroupName, PolicyName }, { abortSignal })
      if (found.PolicyDocument) documents.push(decodeURIComponent(found.PolicyDocument))
    }
  }
  return { documents, arns }
}
