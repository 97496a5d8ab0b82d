// Times of templates in zones: offsets are those of the zone database everywhere, abbreviations in most places.
import { describe, expect, it } from 'vitest'
import { GoTime } from './go-time.ts'
import { sprigFunctions } from './sprig.ts'
import { parseTemplate } from './template.ts'
import { UTC, zoneByName } from './time-zones.ts'

const functions = sprigFunctions({ timeZone: 'Europe/Berlin' })
const render = (text: string): string => parseTemplate(text, { functions }).render({})

describe('times in zones', () => {
  it.each([
    ['Europe/Berlin', 'CET +0100'],
    ['America/New_York', 'EST -0500'],
    ['Asia/Tokyo', 'JST +0900'],
    ['Asia/Dubai', '+04 +0400'],
    // The database calls it MSK.
    ['Europe/Moscow', '+03 +0300'],
  ])('%s', (zone, text) => {
    expect(render(`{{dateInZone "MST -0700" 1700000000 "${zone}"}}`)).toBe(text)
  })

  it('are local in the zone of the table', () => {
    expect(render('{{date "15:04 MST" 1720000000}}')).toBe('11:46 CEST')
    expect(render('{{toDate "2006-01-02" "2024-01-01"}}')).toBe('2024-01-01 00:00:00 +0100 CET')
  })

  it('refuse names that are no zones', () => {
    for (const name of ['Nope/Zone', '../etc/passwd', 'a b']) expect(zoneByName(name)).toBeNull()
  })

  it('keep nanoseconds and moments before 1970', () => {
    expect(GoTime.ofMs(-1, UTC).text()).toBe('1969-12-31 23:59:59.999 +0000 UTC')
    expect(GoTime.ofMs(0, UTC).plus(-1n).text()).toBe('1969-12-31 23:59:59.999999999 +0000 UTC')
  })
})
