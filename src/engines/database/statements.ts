// Statements of roles, as Vault's SQL plugins read them: a text is a JSON list, base64 of either, or
// statements with ";" between them; `{{name}}` and the like are replaced as plain text. What is put in is
// ours (names by template, generated passwords), and its quotes are doubled where a plugin says so.

import { Base64Fault, decodeBase64 } from '../../base/base64.ts'

/**
 * The statements of one text: a JSON list of strings, base64 of a JSON list or of text, or text split at
 * every ";" (also within quotes, as in Vault). Trimmed; empty ones are left out.
 */
export function splitStatements(text: string): string[] {
  const trimmed = text.trim()
  const decoded = decodedBase64(trimmed) ?? trimmed
  const listed = jsonStrings(decoded) ?? decoded.split(';')
  return listed.map((one) => one.trim()).filter((one) => one !== '')
}

function decodedBase64(text: string): string | null {
  try {
    return decodeBase64(text).toString()
  } catch (fault) {
    if (fault instanceof Base64Fault) return null
    throw fault
  }
}

function jsonStrings(text: string): string[] | null {
  if (!text.startsWith('[')) return null
  try {
    const parsed: unknown = JSON.parse(text)
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed
  } catch {}
  return null
}

/** Replaces `{{key}}` by the value, for each own key; other braces stay. */
export function fillStatement(text: string, values: Readonly<Record<string, string>>): string {
  if (!text.includes('{{')) return text
  // One pass, so that braces in a value are never filled in turn.
  return text.replace(/\{\{([a-z_]+)\}\}/g, (whole, key: string) =>
    Object.hasOwn(values, key) ? values[key]! : whole,
  )
}
