// Time zones by their names in the zone database, from the engine's own copy of it. Abbreviations are those people
// use ("CET") where any locale knows one, else the offset ("+03"), as the database itself writes them.

export interface Zone {
  readonly name: string
  /** What holds at a second since 1970. */
  at(seconds: number): { readonly abbreviation: string; readonly offset: number }
}

export const UTC: Zone = { name: 'UTC', at: () => ({ abbreviation: 'UTC', offset: 0 }) }

export const fixedZone = (name: string, offset: number): Zone => ({
  name,
  at: () => ({ abbreviation: name, offset }),
})

/** Locales that write the abbreviations of these regions; elsewhere the database has them only for some places. */
const LOCALES: readonly (readonly [RegExp, string])[] = [
  [/^(America|US|Canada|EST|CST|MST|PST|HST|Pacific\/Honolulu)/, 'en-US'],
  [/^(Australia|Antarctica\/Macquarie)/, 'en-AU'],
  [/^(Pacific\/Auckland|NZ$)/, 'en-NZ'],
  [/^Africa\/(Johannesburg|Maseru|Mbabane)/, 'en-ZA'],
  [/^(Europe|Africa|Atlantic|GB|Eire|Etc|GMT|Zulu|UCT|Greenwich|CET|EET|MET|WET)/, 'en-GB'],
]
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  'Asia/Calcutta': 'IST',
  'Asia/Kolkata': 'IST',
  'Asia/Tokyo': 'JST',
  Japan: 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Shanghai': 'CST',
  'Asia/Taipei': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Karachi': 'PKT',
  'Asia/Manila': 'PST',
  'Asia/Jakarta': 'WIB',
}
/** Most of Africa keeps one of four times all year. */
const AFRICA = /^Africa\/(?!Casablanca|El_Aaiun)|^Indian\/(Antananarivo|Comoro|Mayotte)/
const AFRICAN: Readonly<Record<number, string>> = {
  0: 'GMT',
  3600: 'WAT',
  7200: 'CAT',
  10800: 'EAT',
}
const MOST_SECONDS = 8.64e12

class DatabaseZone implements Zone {
  readonly name: string
  private readonly offsets: Intl.DateTimeFormat
  private names: Intl.DateTimeFormat | undefined

  constructor(name: string, offsets: Intl.DateTimeFormat) {
    this.name = name
    this.offsets = offsets
  }

  at(seconds: number): { abbreviation: string; offset: number } {
    const date = new Date(Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, seconds)) * 1000)
    const offset = offsetOf(zonePart(this.offsets, date))
    return { abbreviation: this.abbreviation(date, offset), offset }
  }

  private abbreviation(date: Date, offset: number): string {
    const known = ABBREVIATIONS[this.name]
    if (known !== undefined) return known
    const locale = LOCALES.find(([regions]) => regions.test(this.name))?.[1]
    if (locale) {
      this.names ??= new Intl.DateTimeFormat(locale, {
        timeZone: this.name,
        timeZoneName: 'short',
      })
      const name = zonePart(this.names, date).replace(/^HA(?=[SD]T$)/, 'H')
      if (/^[A-Z]{3,5}$/.test(name) && (name !== 'GMT' || offset === 0)) return name
    }
    const african = AFRICA.exec(this.name) ? AFRICAN[offset] : undefined
    if (african !== undefined) return african
    const size = Math.abs(offset)
    const minutes = (size / 60) % 60
    const text = String(Math.floor(size / 3600)).padStart(2, '0')
    return `${offset < 0 ? '-' : '+'}${text}${minutes > 0 ? String(Math.floor(minutes)).padStart(2, '0') : ''}`
  }
}

function zonePart(format: Intl.DateTimeFormat, date: Date): string {
  return format.formatToParts(date).find((part) => part.type === 'timeZoneName')?.value ?? ''
}

function offsetOf(text: string): number {
  const found = /^GMT([+-])(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text)
  if (!found) return 0
  const size = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0)
  return found[1] === '-' ? -size : size
}

/** The zone of this name; null where the database has none. */
export function zoneByName(name: string): Zone | null {
  if (name === '' || name === 'UTC') return UTC
  if (!/^[A-Za-z0-9_+\-/]+$/.test(name)) return null
  try {
    const options = { timeZone: name, timeZoneName: 'longOffset' } as const
    return new DatabaseZone(name, new Intl.DateTimeFormat('en-US', options))
  } catch {
    return null
  }
}

/** The zone of the machine. */
export function localZone(): Zone {
  return zoneByName(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? UTC
}
