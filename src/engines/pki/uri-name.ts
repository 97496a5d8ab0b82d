// URIs among the alternative names, as Vault writes them into certificates: what can't stand in the path or the
// fragment of a URI (RFC 3986) is percent-encoded, the scheme is in lower case. Nothing else is repaired: what then
// is no URI, as where a host or a query holds characters beyond ASCII, is refused.

const CONTROL = /[^\P{Cc}\x80-\x9f]/u
/** Scheme, authority, path, query and fragment (RFC 3986, appendix B). */
const PARTS = /^(?:([^:/?#]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(?:#(.*))?$/s
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
const AUTHORITY =
  /^(?:[\w\-.~!$&'()*+,;=:%]*@)?(?:\[[0-9A-Fa-f:.]+\]|[\w\-.~!$&'()*+,;=]*)(?::\d*)?$/
const EMPTY_LABEL = /^(?:\.|[^@:]*\.(?:\.|:|$))/
/** RFC 3986 characters only, no percent sign alone. */
const WHOLE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/
const IN_PATH = /^(?:[A-Za-z0-9\-._~:/[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/

/** The URI as it goes into a certificate; null for what is none. */
export function uriName(text: string): string | null {
  const parts = CONTROL.test(text) ? null : PARTS.exec(text)
  if (!parts) return null
  const [, scheme, authority, path = '', query = '', fragment] = parts
  if (scheme !== undefined && !SCHEME.test(scheme)) return null
  if (authority !== undefined) {
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    if (!AUTHORITY.test(authority) || (host !== '' && EMPTY_LABEL.test(host))) return null
  }
  // Behind a scheme, what doesn't begin with a slash is the scheme's own and stays as it is.
  const isOpaque = scheme !== undefined && authority === undefined && !path.startsWith('/')
  const pathText = isOpaque ? path : encoded(path)
  const fragmentText = fragment === undefined ? '' : encoded(fragment)
  if (pathText === null || fragmentText === null) return null
  const whole = [
    scheme === undefined ? '' : `${scheme.toLowerCase()}:`,
    authority === undefined ? '' : `//${authority}`,
    pathText,
    query,
    fragmentText === '' ? '' : `#${fragmentText}`,
  ].join('')
  return WHOLE.test(whole) ? whole : null
}

/** Text that is encoded already stays as it is; null where what is encoded is no UTF-8. */
function encoded(text: string): string | null {
  if (IN_PATH.test(text)) return text
  try {
    // Written anew as a whole, as Go does it: what was encoded without need is not any more.
    return encodeURI(decodeURIComponent(text)).replace(/[?#^]/g, percent)
  } catch {
    return null
  }
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`
